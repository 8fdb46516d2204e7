import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import * as v from 'valibot';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { DecoderSession } from '../../analysis/engine/deploySession.ts';
import { findOnnxFile } from '../../analysis/model/onnx/locate.ts';
import type { DecoderDtype } from '../../analysis/graph/decode/weights.ts';
import type { RoundedWeights } from '../../analysis/apply/roundWeights.ts';
import type { Sources } from '../../analysis/plan/types.ts';
import { deploy, planFor } from '../builders/deployed.ts';

const COUNT = 30;
/** The end of a text, which no program puts out here: each is asked for 30 tokens and no fewer. */
const END = 2;
/** Logits of float16 are near 15, where it has steps of 0.008. */
const NEARLY = 0.1;
const runtimes = inject('runtimes');
const model = inject('realModel');
const LAYERS = 30;

/** Greedy tokens of one prompt alone, and of two of unlike length in a batch. */
const PROMPTS = [
	[504, 2644, 7335, 314],
	[1788, 281, 1055, 28, 253, 1838, 282, 260]
];
const BATCHES = [[PROMPTS[0]], [PROMPTS[1]], PROMPTS];

const planned = (changes: Record<number, number | null>): Sources =>
	Array.from({ length: LAYERS }, (_, layer) => (layer in changes ? changes[layer] : layer));

const PLANS: {
	name: string;
	sources: Sources | null;
	dtype: DecoderDtype;
	weights?: RoundedWeights;
}[] = [
	{ name: 'no plan', sources: null, dtype: 'fp32' },
	{ name: 'two dropped layers', sources: planned({ 5: null, 29: null }), dtype: 'fp32' },
	{
		name: 'four followers, one dropped layer',
		sources: planned({ 5: null, 8: 7, 9: 7, 24: 23, 27: 26 }),
		dtype: 'fp32'
	},
	{ name: 'three followers', sources: planned({ 8: 7, 9: 7, 24: 23 }), dtype: 'fp32' },
	{ name: 'two followers in float16', sources: planned({ 8: 7, 24: 23 }), dtype: 'fp16' },
	{
		...{ name: 'two followers, weights in int8', dtype: 'fp32', weights: 'int8' },
		sources: planned({ 8: 7, 24: 23 })
	},
	{
		...{ name: 'one dropped layer, weights in int4', dtype: 'fp32', weights: 'int4' },
		sources: planned({ 29: null })
	}
];

const record = v.object({ rounding: v.object({ loss: v.number(), roundedLoss: v.number() }) });

let scratch: string;
beforeAll(async () => {
	scratch = await mkdtemp(join(tmpdir(), 'spanwise-runtimes-'));
});
afterAll(() => rm(scratch, { recursive: true }));

/** Greedy tokens by the program's own reading of the written decoder. */
async function ownTokens(folder: string): Promise<number[][][]> {
	const session = await DecoderSession.open((await findOnnxFile(folder)) ?? '');
	const tokensOf = async (prompt: readonly number[]): Promise<number[]> => {
		const state = session.start(1);
		const found: number[] = [];
		let next = [...prompt];
		while (found.length < COUNT) {
			const [logits] = await session.readLast(state, [next]);
			logits[END] = -Infinity;
			const best = logits.reduce((most, value, at) => (value > logits[most] ? at : most), 0);
			found.push(best);
			next = [best];
		}
		return found;
	};
	const alone = [];
	for (const prompt of PROMPTS) alone.push(await tokensOf(prompt));
	await session.release();
	return [[alone[0]], [alone[1]], alone];
}

/** Computes how far a token's logit is behind the best one's at most, as the program's own engine reads the tokens. */
async function mostBehind(
	folder: string,
	prompt: readonly number[],
	tokens: readonly number[]
): Promise<number> {
	const session = await DecoderSession.open((await findOnnxFile(folder)) ?? '');
	const { vocab } = session;
	const logits = await session.read(session.start(1), [[...prompt, ...tokens]]);
	await session.release();
	const behind = tokens.map((token, at) => {
		const from = (prompt.length + at - 1) * vocab;
		const row = logits.subarray(from, from + vocab);
		row[END] = -Infinity;
		return row.reduce((most, value) => Math.max(most, value), -Infinity) - row[token];
	});
	return Math.max(...behind);
}

/** Runs a script with a program and returns the tokens that it prints last, [batch][prompt][token]. */
function tokensBy(program: string, script: string, folder: string, cwd?: string): number[][][] {
	const args = [resolve('tests/runtimes', script), folder, JSON.stringify(BATCHES), String(COUNT)];
	const { stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', cwd });
	const last = stdout.trim().split('\n').at(-1) ?? '';
	if (last === '') throw new Error(stderr.slice(-2000));
	return JSON.parse(last) as number[][][];
}

describe.each(PLANS)('SmolLM2-135M, $name', ({ name, sources, dtype, weights = null }) => {
	let folder: string;
	let own: number[][][];
	beforeAll(async () => {
		const plan = sources === null ? null : await planFor(model, sources);
		// Its environment has onnxruntime and onnx, by which weights are rounded.
		vi.stubEnv('SPANWISE_PYTHON', runtimes.optimum);
		const verify = weights !== null;
		const request = { plan, dtype, weights, verify };
		folder = await deploy(model, join(scratch, name.replaceAll(' ', '-')), request);
		vi.unstubAllEnvs();
		own = await ownTokens(folder);
	});
	afterAll(() => rm(folder, { recursive: true }));

	if (weights !== null) {
		it('says what rounding does: int8 next to nothing, int4 a little', async () => {
			const text = await readFile(join(folder, 'spanwise.json'), 'utf8');
			const { rounding } = v.parse(record, JSON.parse(text));
			const change = Math.abs(rounding.roundedLoss - rounding.loss);
			expect(change).toBeGreaterThan(0);
			expect(change).toBeLessThan(weights === 'int8' ? 0.01 : 0.5);
		});
	}

	/** In float16 the order of sums decides between tokens that are nearly as likely: there, none is worse than that. */
	async function expectOwn(found: number[][][]): Promise<void> {
		if (dtype === 'fp32' && weights === null) expect(found).toEqual(own);
		else {
			expect(found.map((batch) => batch.length)).toEqual(BATCHES.map((batch) => batch.length));
			for (const [at, batch] of BATCHES.entries())
				for (const [row, prompt] of batch.entries()) {
					expect(found[at][row]).toHaveLength(COUNT);
					expect(await mostBehind(folder, prompt, found[at][row])).toBeLessThan(NEARLY);
				}
		}
	}

	it('generates the same tokens in onnxruntime-genai, padded on the right', async () => {
		await expectOwn(tokensBy(runtimes.genai, 'genai.py', folder));
	});

	it('generates the same tokens in transformers.js, padded on the left', async () => {
		const { transformersJs } = runtimes;
		await expectOwn(tokensBy(process.execPath, 'transformers.mjs', folder, transformersJs));
	});

	// Values of an odd follower lie in halves, which optimum does not know of: it takes all parts of a cache to be of one width.
	if (name === 'three followers') {
		it('is refused by optimum, with the part of the cache', () => {
			expect(() => tokensBy(runtimes.optimum, 'optimum_tokens.py', folder)).toThrow(
				/Got invalid dimensions for input: past_key_values\.24/
			);
		});
	} else {
		it('generates the same tokens in optimum, padded on the left', async () => {
			await expectOwn(tokensBy(runtimes.optimum, 'optimum_tokens.py', folder));
		});
	}
});
