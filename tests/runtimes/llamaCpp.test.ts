import { spawnSync } from 'node:child_process';
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import * as v from 'valibot';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { plannedLayers } from '../../analysis/apply/planned.ts';
import { engineLogits } from '../../analysis/engine/deployLogits.ts';
import { writeGgufModel } from '../../analysis/apply/gguf/write.ts';
import { openCheckpoint } from '../../analysis/model/checkpoint/open.ts';
import { openModel, requireCheckpoint } from '../../analysis/model/open.ts';
import type { Plan } from '../../analysis/plan/types.ts';
import { writeTinyCheckpoint } from '../builders/checkpoint.ts';
import { deploy, planFor, withRepairs } from '../builders/deployed.ts';
import { writeGguf } from '../builders/gguf.ts';
import { ggufOf } from '../builders/ggufOf.ts';

const { llamaCpp } = inject('runtimes');
const realModel = inject('realModel');

const STEPS = 8;
const TEXT = 'In 1984 the naïve café owner said: "don\'t   stop!"\n\tAnd so it went on.';

let scratch: string;
beforeAll(async () => {
	scratch = await mkdtemp(join(tmpdir(), 'spanwise-llama-cpp-'));
});
afterAll(() => rm(scratch, { recursive: true }));

const answer = v.object({
	tokens: v.array(v.number()),
	steps: v.array(v.object({ token: v.number(), top: v.array(v.tuple([v.number(), v.number()])) }))
});

/** Runs llama.cpp on a file. Returns the tokens of TEXT, and the likeliest tokens at each step after a prompt. */
function byLlamaCpp(file: string, prompt: readonly number[]) {
	const args = [resolve('tests/runtimes/llama_cpp.py'), file];
	const { stdout, stderr } = spawnSync(
		llamaCpp,
		[...args, JSON.stringify(prompt), String(STEPS), TEXT],
		{ encoding: 'utf8' }
	);
	if (!stdout.startsWith('{')) throw new Error(stderr.slice(0, 3000));
	return v.parse(answer, JSON.parse(stdout));
}

/** Log-probabilities of all tokens after each token, by the program's own engine, of a model as planned. */
async function ownLogProbabilities(path: string, plan: Plan, ids: readonly number[]) {
	const model = await openModel(path);
	requireCheckpoint(model);
	const { checkpoint, reader } = model;
	const planned = await plannedLayers(plan, scratch, checkpoint, reader);
	const logits = await engineLogits(checkpoint, reader, ids, planned);
	await model.close();
	const { vocab } = checkpoint.config;
	return (place: number, token: number) => {
		const row = logits.subarray(place * vocab, (place + 1) * vocab);
		const largest = row.reduce((most, value) => Math.max(most, value), -Infinity);
		const sum = row.reduce((total, value) => total + Math.exp(value - largest), 0);
		return row[token] - largest - Math.log(sum);
	};
}

/** Largest difference of a log-probability among those that llama.cpp names. */
async function largestDifference(path: string, out: string, plan: Plan): Promise<number> {
	const model = await openModel(path);
	const tokenizer = await model.tokenizer();
	const { ids } = await tokenizer.encode(TEXT);
	await model.close();
	const prompt = [...(tokenizer.bosId === null ? [] : [tokenizer.bosId]), ...ids];
	const found = byLlamaCpp(join(out, 'model.gguf'), prompt);
	expect(found.tokens).toEqual(prompt);
	expect(found.steps).toHaveLength(STEPS);
	const read = [...prompt, ...found.steps.map(({ token }) => token)];
	const own = await ownLogProbabilities(path, plan, read);
	const differences = found.steps.flatMap(({ top }, step) =>
		top.map(([token, value]) => Math.abs(value - own(prompt.length - 1 + step, token)))
	);
	expect(differences).toHaveLength(5 * STEPS);
	return Math.max(...differences);
}

const dropped = (layers: number, ...which: number[]) =>
	Array.from({ length: layers }, (_, layer) => (which.includes(layer) ? null : layer));

const [DROPPED, LAYERS, REAL_LAYERS] = [[4, 5, 15], 16, 30];
/**
 * Sums of float32 in another order; llama.cpp rounds what goes into a product with bfloat16 weights to bfloat16, and looks
 * up GELU in a table for float16.
 */
const ALLOWED = { float32: 1e-3, bfloat16: 0.1, gelu: 0.02 };

describe.each([
	{ name: 'mini-llama2', pre: 'sentencepiece' },
	{ name: 'mini-llama3', pre: 'llama-bpe' }
] as const)('llama.cpp reads $name without the attention of three layers', ({ name, pre }) => {
	const model = join('models', name);

	it('as written of a checkpoint: tokens, and the likeliest after each', async () => {
		const plan = await planFor(model, dropped(LAYERS, ...DROPPED));
		const out = await deploy(model, join(scratch, name), { target: 'gguf', plan });
		expect(await largestDifference(model, out, plan)).toBeLessThan(ALLOWED.bfloat16);
	});

	it('as written of a float32 GGUF file, with mean outputs in place of attention', async () => {
		const { metadata, tensors } = await ggufOf(model, pre);
		const file = await writeGguf(join(scratch, `${name}.gguf`), metadata, tensors);
		const { hidden } = (await openCheckpoint(model)).config;
		const bias = (seed: number) =>
			Float32Array.from({ length: hidden }, (_, at) => Math.sin(at * seed) / 20);
		const repairs = new Map(DROPPED.map((layer) => [layer, { o: null, bias: bias(layer) }]));
		const without = await planFor(model, dropped(LAYERS, ...DROPPED));
		const plan = await withRepairs(without, model, repairs, scratch);
		const request = { target: 'gguf', plan, planFolder: scratch } as const;
		const out = await deploy(file, join(scratch, `${name}-again`), request);
		expect(await largestDifference(file, out, plan)).toBeLessThan(ALLOWED.float32);
	});
});

// With weights of these seeds no token is a part of a character, which llama.cpp's server would hold back.
it.each([
	{ architecture: 'GemmaForCausalLM', seed: 2 },
	{ architecture: 'Gemma2ForCausalLM', seed: 2 },
	{ architecture: 'Gemma3ForCausalLM', seed: 3 }
] as const)(
	'llama.cpp reads of a GGUF file of $architecture what this program reads of it',
	async ({ architecture, seed }) => {
		const folder = join(scratch, architecture);
		await writeTinyCheckpoint(folder, {
			...{ architecture, seed },
			config: {
				...{ vocab_size: 4096, num_hidden_layers: 7, sliding_window: 9, hidden_act: undefined },
				...{ tie_word_embeddings: true, bos_token_id: 1 }
			}
		});
		await copyFile('models/mini-llama2/tokenizer.json', join(folder, 'tokenizer.json'));
		const { metadata, tensors } = await ggufOf(folder, 'sentencepiece');
		const file = await writeGguf(join(folder, 'model.gguf'), metadata, tensors);
		const plan = await planFor(folder, dropped(7));
		expect(await largestDifference(file, folder, plan)).toBeLessThan(ALLOWED.gelu);
	}
);

it('llama.cpp reads SmolLM2-135M without the attention of four layers', async () => {
	const plan = await planFor(realModel, dropped(REAL_LAYERS, 5, 6, 26, 29));
	const out = await deploy(realModel, join(scratch, 'real'), { target: 'gguf', plan });
	expect(await largestDifference(realModel, out, plan)).toBeLessThan(ALLOWED.bfloat16);
});

it('llama.cpp cannot read a file whose layer 0 has no attention, which is why none is written', async () => {
	const model = await openModel('models/mini-llama3');
	requireCheckpoint(model);
	const plan = await planFor('models/mini-llama3', dropped(LAYERS, 0));
	const planned = await plannedLayers(plan, scratch, model.checkpoint, model.reader);
	await writeGgufModel(scratch, model, planned, () => undefined);
	await model.close();
	expect(() => byLlamaCpp(join(scratch, 'model.gguf'), [0, 300])).toThrow(
		/blk\.1\.attn_q\.weight' has wrong shape/
	);
});
