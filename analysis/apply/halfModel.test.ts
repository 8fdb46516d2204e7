import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { cachedOnnx, FORMS, onnxBytes } from '../../tests/builders/cachedOnnx.ts';
import { writeTinyCheckpoint } from '../../tests/builders/checkpoint.ts';
import { deploy } from '../../tests/builders/deployed.ts';
import { halved } from '../../tests/builders/halfOnnx.ts';
import {
	plainDecoder,
	SIZES,
	smallDecoder,
	type DecoderForm
} from '../../tests/builders/onnxDecoder.ts';
import { writeOnnxFolder } from '../../tests/builders/onnxFolder.ts';
import { DecoderSession } from '../engine/deploySession.ts';
import { keepHalvesAsUint16 } from '../engine/halves.ts';
import { makePlan } from '../plan/planFile.ts';
import { planSpans } from '../plan/spans.ts';
import type { Plan, Sources } from '../plan/types.ts';
import { type Deployed } from './deploy.ts';
import { deployModel } from '../../tests/builders/opened.ts';
import { captureAttention } from '../../tests/builders/opened.ts';

const IDS = [0, 5, 3, 9, 2, 7, 7, 1, 4];

let scratch: string;
beforeAll(async () => {
	scratch = await mkdtemp(join(tmpdir(), 'spanwise-half-'));
});
afterAll(() => rm(scratch, { recursive: true }));
afterEach(() => {
	vi.unstubAllGlobals();
});

let folders = 0;
function newFolder(): string {
	return join(scratch, `folder-${folders++}`);
}

/** Folder of a small decoder with a cache, all of it float16. */
async function halfDecoder(form: DecoderForm): Promise<string> {
	const folder = newFolder();
	await mkdir(folder);
	const cached = form !== 'Attention' && form !== 'MultiHeadAttention';
	const inputs = ['attention_mask', ...(cached ? (['past'] as const) : [])] as const;
	const proto = halved(smallDecoder({ form, inputs }));
	await writeFile(join(folder, 'model.onnx'), onnxBytes(proto));
	const { layers: num_hidden_layers, heads: num_attention_heads } = SIZES;
	const config = { num_hidden_layers, num_attention_heads, hidden_size: 32, intermediate_size: 64 };
	await writeFile(join(folder, 'config.json'), JSON.stringify(config));
	return folder;
}

/** Largest difference of a decoder's probabilities from plain arithmetic in double precision. */
async function fromPlain(folder: string, form: DecoderForm): Promise<number> {
	const { data } = await captureAttention({ modelFolder: folder, ids: IDS, layers: [0, 1, 2] });
	const { probabilities } = plainDecoder(IDS, { form });
	expect(data).toHaveLength(probabilities.length);
	return data.reduce((most, value, at) => Math.max(most, Math.abs(value - probabilities[at])), 0);
}

function planOf(sources: Sources): Plan {
	const model = { name: 'm', architecture: 'ONNX', layers: 4, heads: 4, kvHeads: 2, hash: '' };
	const spans = planSpans(sources, null, () => [3, 3, 0, 1]);
	return makePlan({ model, sources, spans, definition: null, predicted: null });
}

function apply(modelFolder: string, plan: Plan | null, out = newFolder()): Promise<Deployed> {
	const fixed = { planFolder: scratch, target: 'onnx', dtype: null, verify: true } as const;
	return deployModel({ modelFolder, plan, out, home: scratch, ...fixed }, () => undefined);
}

describe('a model of which everything is float16', () => {
	const forms = [
		'softmax',
		'guarded softmax',
		'Attention',
		'GroupQueryAttention',
		'packed GroupQueryAttention',
		'MultiHeadAttention'
	] as const;
	// Scores are near 1 here, and rounded at 2⁻¹¹: a probability is off by a quarter of a few such roundings.
	it.each(forms)('%s: its probabilities are those of plain arithmetic to 0.001', async (form) => {
		const found = await fromPlain(await halfDecoder(form), form);
		expect(found).toBeLessThan(1e-3);
		expect(found).toBeGreaterThan(1e-5);
	});

	it.each(
		FORMS.flatMap((form) => [
			{ form, title: 'as it is', plan: null },
			{ form, title: 'a mapped follower and a dropped layer', plan: planOf([0, 1, 1, null]) }
		])
	)(
		'$form, $title: written, it agrees with what it was made from, and with itself',
		async ({ form, plan }) => {
			const file = await writeOnnxFolder(newFolder(), halved(cachedOnnx({ form })));
			const { verified } = (await apply(file, plan)).record;
			// Logits are near 4, where float16 has steps of 0.004.
			expect(verified?.difference).toBeLessThan(8e-3);
			expect(verified?.cachedDifference).toBeLessThan(8e-3);
			expect(verified?.largestLogit).toBeGreaterThan(1);
		}
	);
});

describe('where Node has float16 arrays (23 and later; on 20 and 22 this holds of itself)', () => {
	it('a decoder reads on from a cache of float16', async () => {
		const model = newFolder();
		await writeTinyCheckpoint(model, { config: { head_dim: 16 } });
		const out = await deploy(model, newFolder(), { dtype: 'fp16', verify: true });
		const session = await DecoderSession.open(join(out, 'onnx', 'model_fp16.onnx'));
		const logits = async (...parts: number[][]): Promise<Float32Array> => {
			const state = session.start(1);
			let last = new Float32Array(0);
			for (const ids of parts) last = Float32Array.from(await session.read(state, [ids]));
			return last.subarray(-session.vocab);
		};
		const atOnce = await logits(IDS);
		const inSteps = await logits(IDS.slice(0, -2), IDS.slice(-2, -1), IDS.slice(-1));
		await session.release();
		const largest = atOnce.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
		const apart = atOnce.map((value, at) => Math.abs(value - inSteps[at]));
		expect(Math.max(...apart)).toBeLessThan(1e-2 * largest);
	});
	afterEach(() => void vi.unstubAllGlobals());
	it('arrays of float16 stay what Node makes them', () => {
		const made = 'Float16Array' in globalThis;
		keepHalvesAsUint16();
		expect('Float16Array' in globalThis).toBe(made);
	});
	it('arrays of float16 are there again once tensors know them not', () => {
		vi.stubGlobal('Float16Array', Uint16Array);
		keepHalvesAsUint16();
		expect(Reflect.get(globalThis, 'Float16Array')).toBe(Uint16Array);
	});
});
