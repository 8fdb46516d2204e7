import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeTinyCheckpoint, type TinyCheckpoint } from '../../../tests/builders/checkpoint.ts';
import { deploy, planFor, withRepairs } from '../../../tests/builders/deployed.ts';
import { writeGguf } from '../../../tests/builders/gguf.ts';
import { ggufOf } from '../../../tests/builders/ggufOf.ts';
import { engineLogits } from '../../engine/deployLogits.ts';
import { openModel, requireCheckpoint } from '../../model/open.ts';
import { loadTokenizer } from '../../model/tokens/tokenizer.ts';
import type { Plan, Sources } from '../../plan/types.ts';
import { plannedLayers } from '../planned.ts';
import { GGUF_FILE } from './write.ts';

const MINI = 'models/mini-llama2';
const LAYERS = 16;
/** Layers 4, 5 and the last without attention. */
const SOURCES: Sources = Array.from({ length: LAYERS }, (_, layer) =>
	[4, 5, 15].includes(layer) ? null : layer
);
const IDS = [1, 300, 17, 2048, 55, 901, 4, 777];
/** Sums of float32 in another order. */
const ALLOWED = 1e-4;

let scratch: string;
beforeAll(async () => {
	scratch = await mkdtemp(join(tmpdir(), 'spanwise-apply-gguf-'));
});
afterAll(() => rm(scratch, { recursive: true }));

async function logitsOf(path: string, plan: Plan | null, ids: readonly number[]) {
	const model = await openModel(path);
	requireCheckpoint(model);
	const { checkpoint, reader } = model;
	const planned = await plannedLayers(plan, scratch, checkpoint, reader);
	const logits = await engineLogits(checkpoint, reader, ids, planned);
	await model.close();
	return { logits, config: checkpoint.config, tensors: checkpoint.tensors };
}

function largestDifference(a: Float32Array, b: Float32Array): number {
	expect(a.length).toBe(b.length);
	return a.reduce((most, value, at) => Math.max(most, Math.abs(value - b[at])), 0);
}

describe('a checkpoint with dropped layers as GGUF', () => {
	it('reads back as the same model under the plan, without their tensors', async () => {
		const plan = await planFor(MINI, SOURCES);
		const out = await deploy(MINI, join(scratch, 'mini'), { target: 'gguf', plan, verify: true });
		const written = await logitsOf(join(out, GGUF_FILE), null, IDS);
		const original = await logitsOf(MINI, plan, IDS);
		expect(largestDifference(written.logits, original.logits)).toBeLessThan(ALLOWED);
		expect(written.config.shared?.sources).toEqual(SOURCES);
		expect(
			[...written.tensors.keys()].filter((name) => /layers\.(4|5|15)\.self_attn/.test(name))
		).toEqual([]);
	});

	it('adds what stands in for attention, through the bias of the MLP before it', async () => {
		const bias = (seed: number) =>
			Float32Array.from({ length: 192 }, (_, at) => Math.sin(at * seed));
		const repairs = new Map([4, 5, 15].map((layer) => [layer, { o: null, bias: bias(layer) }]));
		const plan = await withRepairs(await planFor(MINI, SOURCES), MINI, repairs, scratch);
		const request = { target: 'gguf', plan, planFolder: scratch } as const;
		const out = await deploy(MINI, join(scratch, 'repaired'), request);
		const written = await logitsOf(join(out, GGUF_FILE), null, IDS);
		const original = await logitsOf(MINI, plan, IDS);
		const unrepaired = await logitsOf(MINI, { ...plan, repair: null }, IDS);
		expect(largestDifference(written.logits, original.logits)).toBeLessThan(ALLOWED);
		expect(largestDifference(unrepaired.logits, original.logits)).toBeGreaterThan(1);
	});

	it.each<[string, TinyCheckpoint]>([
		['Qwen2 with biases on q, k and v', { architecture: 'Qwen2ForCausalLM' }],
		[
			'Llama with biases everywhere',
			{ config: { attention_bias: true, mlp_bias: true, tie_word_embeddings: true } }
		],
		[
			'rotary frequencies as Llama 3 scales them, in float16',
			{
				dtype: 'F16',
				config: {
					rope_scaling: {
						...{ rope_type: 'llama3', factor: 8, low_freq_factor: 1, high_freq_factor: 4 },
						original_max_position_embeddings: 64
					}
				}
			}
		],
		[
			'rotary frequencies divided by one factor, in bfloat16',
			{ dtype: 'BF16', config: { rope_scaling: { rope_type: 'linear', factor: 2 } } }
		]
	])('keeps %s', async (name, tiny) => {
		const folder = join(scratch, name.replaceAll(/\W/g, '-'));
		await writeTinyCheckpoint(folder, tiny);
		const plan = await planFor(folder, [0, null, 2]);
		const out = await deploy(folder, `${folder}-gguf`, { target: 'gguf', plan, verify: true });
		const ids = IDS.map((id) => id % 20);
		const written = await logitsOf(join(out, GGUF_FILE), null, ids);
		const original = await logitsOf(folder, plan, ids);
		expect(largestDifference(written.logits, original.logits)).toBeLessThan(ALLOWED);
	});
});

describe('a GGUF file with dropped layers', () => {
	it('keeps the bytes of its tensors and its tokenizer', async () => {
		const { metadata, tensors } = await ggufOf(MINI, 'sentencepiece');
		const source = await writeGguf(join(scratch, 'source.gguf'), metadata, tensors);
		const plan = await planFor(MINI, SOURCES);
		const out = await deploy(source, join(scratch, 'again'), {
			target: 'gguf',
			plan,
			verify: true
		});
		const [model, written] = [await openModel(source), await openModel(join(out, GGUF_FILE))];
		requireCheckpoint(model);
		requireCheckpoint(written);
		for (const [name, entry] of written.checkpoint.tensors) {
			const from = model.checkpoint.tensors.get(name);
			if (from === undefined) throw new Error(`${name} is new`);
			const [read, expected] = [await written.reader.read(entry), await model.reader.read(from)];
			expect(Buffer.compare(read, expected), name).toBe(0);
		}
		const tokenizers = [model, written].map(({ path }) => loadTokenizer(path, { vocab: 4096 }));
		const [before, after] = await Promise.all(tokenizers);
		expect(after.sha256).toBe(before.sha256);
		await model.close();
		await written.close();
	});
});

describe('what GGUF cannot hold is refused before anything is written', () => {
	const changed = (changes: Record<number, number | null>): Sources =>
		SOURCES.map((_, layer) => changes[layer] ?? (layer in changes ? null : layer));

	it.each<[Record<number, number | null>, string]>([
		[
			{ 8: 7 },
			"layer 8 follows layer 7, and llama.cpp has no layer that reuses another's attention: only dropped layers can be written; write ONNX instead (--to onnx)"
		],
		[{ 0: null }, 'layer 0 is dropped, and llama.cpp takes the size of a head from layer 0']
	])('%j', async (changes, message) => {
		const plan = await planFor(MINI, changed(changes));
		const out = join(scratch, 'refused');
		await expect(deploy(MINI, out, { target: 'gguf', plan })).rejects.toThrow(message);
	});

	it('no plan, and a type', async () => {
		const out = join(scratch, 'refused');
		await expect(deploy(MINI, out, { target: 'gguf' })).rejects.toThrow(
			"--to gguf needs --plan: llama.cpp's own converter writes a model without a plan"
		);
		const plan = await planFor(MINI, SOURCES);
		await expect(deploy(MINI, out, { target: 'gguf', plan, dtype: 'fp16' })).rejects.toThrow(
			"--dtype fp16: --to gguf keeps every tensor's type; remove it"
		);
	});

	it('other graphs, and sliding windows', async () => {
		const qwen3 = join(scratch, 'qwen3');
		await writeTinyCheckpoint(qwen3, { architecture: 'Qwen3ForCausalLM' });
		const plan = await planFor(qwen3, [0, null, 2]);
		await expect(deploy(qwen3, join(scratch, 'no'), { target: 'gguf', plan })).rejects.toThrow(
			"llama.cpp drops the attention of single layers in Llama's graph alone; Qwen3ForCausalLM is not written"
		);
		const mistral = join(scratch, 'mistral');
		const config = { sliding_window: 16 };
		await writeTinyCheckpoint(mistral, { architecture: 'MistralForCausalLM', config });
		const windowed = await planFor(mistral, [0, null, 2]);
		await expect(
			deploy(mistral, join(scratch, 'no'), { target: 'gguf', plan: windowed })
		).rejects.toThrow('layer 0 has a sliding window');
	});
});
