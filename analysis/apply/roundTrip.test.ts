import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tinyConfig, writeTinyCheckpoint } from '../../tests/builders/checkpoint.ts';
import { deploy, planFor, withRepairs } from '../../tests/builders/deployed.ts';
import { DecoderSession } from '../engine/deploySession.ts';
import { engineLogits } from '../engine/deployLogits.ts';
import type { LayerRepairs } from '../engine/repair/repairs.ts';
import { parseConfig } from '../model/checkpoint/config.ts';
import { openCheckpoint } from '../model/checkpoint/open.ts';
import { WeightReader } from '../model/checkpoint/read.ts';
import type { DeployRecord } from './types.ts';
import type { Plan, Sources } from '../plan/types.ts';
import { readRepairs } from '../engine/repair/file.ts';
import { largestDifference } from './verify.ts';
import { evaluatePlan, measureDamage } from '../../tests/builders/opened.ts';
import { captureAttention } from '../../tests/builders/opened.ts';

const SOURCES: Sources = [0, 0, 2, null, 4];
const HEADS = [3, 0, 0, 2];
const DOCUMENTS = [{ name: 'sea.txt', text: 'the sea and the rain on the sand. '.repeat(40) }];

let scratch: string;
/** The original, a checkpoint written with a plan, and the plan: a mapped follower, refitted, and a mean output. */
let model: string;
let written: string;
let plan: Plan;
beforeAll(async () => {
	scratch = await mkdtemp(join(tmpdir(), 'spanwise-round-trip-'));
	model = join(scratch, 'original');
	await writeTinyCheckpoint(model, {
		architecture: 'Qwen3ForCausalLM',
		dtype: 'BF16',
		shards: 2,
		config: { num_hidden_layers: 5, attention_bias: true }
	});
	const repairs: LayerRepairs = new Map([
		[1, { o: Float32Array.from({ length: 32 * 32 }, (_, at) => Math.sin(at) / 6), bias: null }],
		[3, { o: null, bias: Float32Array.from({ length: 32 }, (_, at) => Math.cos(at)) }]
	]);
	const bare = await planFor(model, SOURCES, () => HEADS);
	plan = await withRepairs(bare, model, repairs, scratch);
	written = await deploy(model, join(scratch, "it's written"), {
		plan,
		target: 'transformers',
		verify: true
	});
});
afterAll(() => rm(scratch, { recursive: true }));

async function evaluate(modelFolder: string, asked: Plan) {
	const { config } = await openCheckpoint(modelFolder);
	const { report } = await evaluatePlan(
		{
			modelFolder,
			plan: asked,
			repairs: await readRepairs(scratch, asked, config),
			documents: DOCUMENTS,
			context: 48,
			windows: 3,
			questions: null,
			gates: {},
			memoryLimitBytes: null,
			home: scratch
		},
		{ onProgress: () => undefined }
	);
	return report;
}

describe('a checkpoint written with a plan', () => {
	it('has no tensor that the plan makes idle, and its own types of those that are left', async () => {
		const { tensors } = await openCheckpoint(written);
		const attention = (layer: number) =>
			[...tensors.keys()]
				.filter((name) => name.startsWith(`model.layers.${layer}.self_attn`))
				.map((name) => name.split('self_attn.')[1]);
		expect(attention(0)).toHaveLength(10);
		expect(attention(1)).toEqual(['o_proj.bias', 'o_proj.weight', 'v_proj.bias', 'v_proj.weight']);
		expect(attention(3)).toEqual(['o_proj.bias']);
		expect(tensors.has('model.layers.3.input_layernorm.weight')).toBe(false);
		expect(tensors.get('model.layers.1.self_attn.v_proj.weight')?.dtype).toBe('BF16');
		expect(tensors.get('model.layers.1.self_attn.o_proj.weight')?.dtype).toBe('F32');
		expect((await readdir(written)).sort()).toEqual([
			'README.md',
			'config.json',
			'model.safetensors',
			'modeling_spanwise.py',
			'spanwise.json',
			'tokenizer.json'
		]);
	});

	it('has the plan in its config and a card that says how to load it', async () => {
		const config = JSON.parse(await readFile(join(written, 'config.json'), 'utf8')) as {
			spanwise: Plan;
			spanwise_mean_outputs: number[];
			hidden_size: number;
		};
		expect(config.hidden_size).toBe(32);
		expect(config.spanwise).toEqual({ ...plan, repair: null });
		expect(config.spanwise_mean_outputs).toEqual([3]);
		const card = await readFile(join(written, 'README.md'), 'utf8');
		expect(card).toContain('- layer 0: its attention is reused by 1, heads mapped');
		expect(card).toContain('- attention dropped: 3');
		expect(card).toContain('from_pretrained("it\'s written", trust_remote_code=True)');
		expect(card).toContain(`\`spanwise analyze 'it'\\''s written'\``);
		expect(card).toContain('- savings (predicted, 256 tokens, 2 bytes per element): 30.0%');
		expect(card).toContain('- loss increase: not measured; run spanwise evaluate');
		const { model: made } = JSON.parse(
			await readFile(join(written, 'spanwise.json'), 'utf8')
		) as DeployRecord;
		expect(card).toContain(`SHA-256 of its weights \`${made.hash}\``);
	});

	it('loses what the plan loses on the original', async () => {
		const original = await evaluate(model, plan);
		const shared = await evaluate(written, await planFor(written, SOURCES, () => HEADS));
		expect(original.delta.loss).toBeGreaterThan(1e-3);
		expect(Math.abs(shared.baseline.loss - original.shared.loss)).toBeLessThan(1e-5);
		expect(Math.abs(shared.delta.loss)).toBeLessThan(1e-9);
	});

	it('can be compared with a plan that shares more', async () => {
		const { delta } = await evaluate(written, await planFor(written, [0, 0, 0, null, 4]));
		expect(Math.abs(delta.loss)).toBeGreaterThan(1e-4);
	});

	it('attends in a follower as its source does, heads mapped', async () => {
		const ids = Array.from({ length: 20 }, (_, at) => (at * 7) % 200);
		const { data, shape } = await captureAttention({
			modelFolder: written,
			ids,
			layers: [0, 1, 3]
		});
		const perHead = 20 * 20;
		const head = (layer: number, index: number) =>
			data.subarray((layer * shape[1] + index) * perHead, (layer * shape[1] + index + 1) * perHead);
		for (const [to, from] of HEADS.entries()) expect(head(1, to)).toEqual(head(0, from));
		expect(head(2, 0).every((value) => value === 0)).toBe(true);
		// Without the source among the layers asked for, too.
		const alone = await captureAttention({ modelFolder: written, ids, layers: [1] });
		expect(alone.data).toEqual(data.subarray(4 * perHead, 8 * perHead));
	});

	it('is written as ONNX as it is', async () => {
		const out = await deploy(written, join(scratch, 'onnx'), { verify: true });
		const ids = Array.from({ length: 30 }, (_, at) => (at * 11) % 200);
		const reader = new WeightReader();
		const expected = await engineLogits(await openCheckpoint(written), reader, ids, {});
		await reader.close();
		const session = await DecoderSession.open(join(out, 'onnx', 'model.onnx'));
		// Keys of layers 0, 2 and 4; values of layer 1 in halves, and those of the others.
		expect(
			session.cache.filter(({ past }) => past.includes('.1.')).map(({ width }) => width)
		).toEqual([4, 4]);
		const logits = await session.read(session.start(1), [ids]);
		await session.release();
		expect(largestDifference(logits, expected)).toBeLessThan(1e-3);
	});
});

describe('what a checkpoint that shares by its own making refuses', () => {
	it('a plan that asks a follower for attention of its own, or a layer that has none', async () => {
		await expect(evaluate(written, await planFor(written, [0, 1, 2, null, 4]))).rejects.toThrow(
			"layer 1 has source 1; in it's written it follows layer 0 and has no queries and keys, by its own config"
		);
		await expect(evaluate(written, await planFor(written, [0, 0, 2, 2, 4]))).rejects.toThrow(
			"layer 3 has source 2; in it's written it has no attention, by its own config"
		);
	});

	it('a measurement of damage', async () => {
		const request = {
			modelFolder: written,
			documents: DOCUMENTS,
			context: 32,
			windows: 1,
			maxSpan: 2,
			memoryLimitBytes: null,
			home: scratch
		};
		await expect(
			measureDamage({ ...request, progressFile: null }, { onProgress: () => undefined })
		).rejects.toThrow(
			'written: layers 1, 3 have no attention of their own, by its config.json; damage needs the model that it was made from'
		);
	});

	it.each([
		['another number of layers', { sources: [0, 0], spans: [] }, 'names 2 layers'],
		['a source that follows', { sources: [0, 0, 1], spans: [] }, 'layer 2 has source 1; expected'],
		['a source ahead', { sources: [1, 1, 2], spans: [] }, 'layer 0 has source 1; expected'],
		['no plan', 'yes', 'spanwise: expected a plan'],
		[
			'heads that there are not',
			{ sources: [0, 0, 2], spans: [{ followers: [1], headMap: [[0, 1, 2, 4]] }] },
			'head map of layer 1 is [0, 1, 2, 4]; expected 4 heads from 0 to 3'
		]
	])('%s in its config', (_, spanwise, message) => {
		const json = { ...tinyConfig(), spanwise };
		expect(() => parseConfig(json, 'config.json')).toThrow(message);
	});

	it('missing keys of a layer that is no follower', async () => {
		const folder = join(scratch, 'incomplete');
		await deploy(model, folder, { plan, target: 'transformers' });
		const file = join(folder, 'config.json');
		const config = JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>;
		const without = { ...config, spanwise: undefined };
		await writeFile(file, JSON.stringify(without));
		await expect(openCheckpoint(folder)).rejects.toThrow('model_type is "spanwise_qwen3"');
		await writeFile(file, JSON.stringify({ ...without, model_type: 'qwen3' }));
		await expect(openCheckpoint(folder)).rejects.toThrow(
			'missing tensor model.layers.1.self_attn.q_proj.weight'
		);
	});
});

describe('writing a checkpoint refuses', () => {
	it('to do so without a plan, and to change its types', async () => {
		const out = join(scratch, 'refused');
		await expect(deploy(model, out, { target: 'transformers' })).rejects.toThrow(
			'--to transformers needs --plan: without one the output would equal the input checkpoint'
		);
		await expect(
			deploy(model, out, { target: 'transformers', plan, dtype: 'fp16' })
		).rejects.toThrow("--dtype fp16: --to transformers keeps every tensor's type; remove it");
	});
});
