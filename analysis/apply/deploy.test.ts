import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fromBinary } from '@bufbuild/protobuf';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeTinyCheckpoint, type TinyCheckpoint } from '../../tests/builders/checkpoint.ts';
import { deploy, planFor, withRepairs } from '../../tests/builders/deployed.ts';
import { engineLogits } from '../engine/deployLogits.ts';
import { DecoderSession } from '../engine/deploySession.ts';
import type { PlannedLayers } from '../engine/forward.ts';
import type { LayerRepairs } from '../engine/repair/repairs.ts';
import { openCheckpoint } from '../model/checkpoint/open.ts';
import { WeightReader } from '../model/checkpoint/read.ts';
import { onnxFilesIn } from '../model/onnx/locate.ts';
import { ModelProtoSchema, type GraphProto } from '../proto/onnx_pb.ts';
import { headMapsOf } from '../plan/spans.ts';
import type { Plan, Sources } from '../plan/types.ts';
import type { DeployRecord } from './types.ts';
import { largestDifference } from './verify.ts';

const FAMILIES = 'tests/fixtures/families';

let scratch: string;
beforeAll(async () => {
	scratch = await mkdtemp(join(tmpdir(), 'spanwise-deploy-'));
});
afterAll(() => rm(scratch, { recursive: true }));

/** Its config.json ties the embeddings, and its head has other values. */
const OWN_HEAD: TinyCheckpoint = {
	config: { tie_word_embeddings: true },
	tensors: ([embedding, ...others]) => [
		embedding,
		...others,
		{ ...embedding, name: 'lm_head.weight', values: embedding.values.map((value) => 1 - value) }
	]
};

let folders = 0;
function newFolder(): string {
	return join(scratch, `folder-${folders++}`);
}

/** A tiny model whose heads GroupQueryAttention takes: 16 wide, in two groups of two. */
async function tiny(given: TinyCheckpoint = {}): Promise<string> {
	const folder = newFolder();
	await writeTinyCheckpoint(folder, {
		...given,
		config: { head_dim: 16, num_hidden_layers: 5, ...given.config }
	});
	return folder;
}

async function recordOf(folder: string): Promise<DeployRecord> {
	return JSON.parse(await readFile(join(folder, 'spanwise.json'), 'utf8')) as DeployRecord;
}

async function graphOf(folder: string): Promise<GraphProto> {
	const [file = ''] = await onnxFilesIn(join(folder, 'onnx'));
	const { graph } = fromBinary(ModelProtoSchema, await readFile(join(folder, 'onnx', file)));
	if (graph === undefined) throw new Error('no graph');
	return graph;
}

async function setTied(folder: string, tied: boolean): Promise<void> {
	const file = join(folder, 'config.json');
	const config = JSON.parse(await readFile(file, 'utf8')) as object;
	await writeFile(file, JSON.stringify({ ...config, tie_word_embeddings: tied }));
}

/** Names of the files in a folder and those below it. */
async function filesIn(folder: string): Promise<string[]> {
	const entries = await readdir(folder, { recursive: true, withFileTypes: true });
	return entries
		.filter((entry) => entry.isFile())
		.map((entry) => relative(folder, join(entry.parentPath, entry.name)));
}

const someIds = (vocab: number, count = 24, stride = 37) =>
	Array.from({ length: count }, (_, at) => (at * stride + 5) % vocab);

/** Logits of the engine as planned, and of the written model read at once and in steps of 1 and more. */
async function runBoth(
	modelFolder: string,
	out: string,
	plan: Plan | null,
	repairs: LayerRepairs = new Map()
) {
	const checkpoint = await openCheckpoint(modelFolder);
	const { config } = checkpoint;
	const own = Array.from({ length: config.layers }, (_, layer) => layer);
	const planned: PlannedLayers =
		plan === null
			? { sources: own }
			: { sources: plan.sources, headMaps: headMapsOf(plan.spans, config.layers), repairs };
	const ids = someIds(config.vocab);
	const reader = new WeightReader();
	const engine = await engineLogits(checkpoint, reader, ids, planned);
	await reader.close();
	const [file = ''] = await onnxFilesIn(join(out, 'onnx'));
	const session = await DecoderSession.open(join(out, 'onnx', file));
	const whole = await session.read(session.start(1), [ids]);
	const state = session.start(1);
	const parts: Float32Array[] = [];
	const ends = [9, ...Array.from({ length: 8 }, (_, at) => 10 + at), ids.length];
	for (const [at, end] of ends.entries()) {
		parts.push(await session.read(state, [ids.slice(at === 0 ? 0 : ends[at - 1], end)]));
	}
	await session.release();
	const steps = Float32Array.from(parts.flatMap((part) => [...part]));
	const largest = engine.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
	return {
		largest,
		fromEngine: largestDifference(whole, engine),
		fromWhole: largestDifference(steps, whole)
	};
}

describe('a model as it is', () => {
	const models: [string, TinyCheckpoint][] = [
		['grouped queries', {}],
		['tied embeddings', { config: { tie_word_embeddings: true } }],
		['a head of its own though config.json ties it', OWN_HEAD],
		['biases on attention and MLP', { config: { attention_bias: true, mlp_bias: true } }],
		['as many kv heads as heads', { config: { num_key_value_heads: 4 } }],
		[
			'Mistral, sliding window of 7',
			{ architecture: 'MistralForCausalLM', config: { sliding_window: 7 } }
		],
		['Qwen2, biases on q, k and v', { architecture: 'Qwen2ForCausalLM' }],
		[
			'Qwen2, some layers sliding',
			{
				architecture: 'Qwen2ForCausalLM',
				config: { sliding_window: 5, use_sliding_window: true, max_window_layers: 3 }
			}
		],
		['Qwen3, norms over heads', { architecture: 'Qwen3ForCausalLM' }],
		['linear rope scaling', { config: { rope_scaling: { rope_type: 'linear', factor: 4 } } }],
		['bfloat16 weights', { dtype: 'BF16' }],
		['heads of 8, which GroupQueryAttention does not take', { config: { head_dim: 8 } }]
	];

	it.each(models)(
		'%s: agrees with the engine to 1e-4, at once and step by step',
		async (_, given) => {
			const model = await tiny(given);
			const out = await deploy(model, newFolder());
			const { fromEngine, fromWhole } = await runBoth(model, out, null);
			expect(fromEngine).toBeLessThan(1e-4);
			expect(fromWhole).toBeLessThan(1e-4);
		}
	);

	it('is run and written with the head that its checkpoint has, whatever its config.json ties', async () => {
		const model = await tiny(OWN_HEAD);
		const logits = async (folder: string): Promise<Float32Array> => {
			const checkpoint = await openCheckpoint(folder);
			const reader = new WeightReader();
			const sources = Array.from({ length: checkpoint.config.layers }, (_, layer) => layer);
			const ids = someIds(checkpoint.config.vocab);
			const found = await engineLogits(checkpoint, reader, ids, { sources });
			await reader.close();
			return found;
		};
		const used = await logits(model);
		const tied = await logits(await tiny({ config: { tie_word_embeddings: true } }));
		expect(largestDifference(used, tied)).toBeGreaterThan(0.1);
		await setTied(model, false);
		expect(await logits(model)).toEqual(used);
		await setTied(model, true);

		const plan = await planFor(model, [0, 0, 2, 3, 4]);
		const out = await deploy(model, newFolder(), { plan, target: 'transformers', verify: true });
		const config = JSON.parse(await readFile(join(out, 'config.json'), 'utf8')) as object;
		expect(config).toMatchObject({ tie_word_embeddings: false });
	});

	it.each([
		'llama-untied-bias',
		'llama-rope-llama3',
		'llama-rope-linear',
		'mistral-sliding',
		'qwen2',
		'qwen2-sliding',
		'qwen3'
	])('%s agrees with transformers', async (family) => {
		const out = await deploy(join(FAMILIES, family), newFolder());
		const reference = JSON.parse(
			await readFile(join(FAMILIES, family, 'reference.json'), 'utf8')
		) as { ids: number[]; logits: number[] };
		const session = await DecoderSession.open(join(out, 'onnx', 'model.onnx'));
		const logits = await session.read(session.start(1), [reference.ids]);
		await session.release();
		const last = logits.subarray(logits.length - reference.logits.length);
		expect(largestDifference(last, Float32Array.from(reference.logits))).toBeLessThan(1e-3);
		const { fromEngine, fromWhole } = await runBoth(join(FAMILIES, family), out, null);
		expect(fromEngine).toBeLessThan(1e-4);
		expect(fromWhole).toBeLessThan(1e-4);
	});

	it('reads two sequences as it reads each of them', async () => {
		const model = await tiny();
		const plan = await planFor(model, [0, 0, 2, null, 4]);
		for (const out of [
			await deploy(model, newFolder()),
			await deploy(model, newFolder(), { plan })
		]) {
			const session = await DecoderSession.open(join(out, 'onnx', 'model.onnx'));
			const { vocab } = session;
			const [a, b] = [someIds(vocab), someIds(vocab, 24, 11)];
			const state = session.start(2);
			await session.read(state, [a.slice(0, 22), b.slice(0, 22)]);
			// GroupQueryAttention takes several sequences further one token at a time.
			await session.read(state, [a.slice(22, 23), b.slice(22, 23)]);
			const both = await session.read(state, [a.slice(23), b.slice(23)]);
			const last = async (ids: number[]) =>
				(await session.read(session.start(1), [ids])).subarray(23 * vocab);
			const alone = Float32Array.from([...(await last(a)), ...(await last(b))]);
			await session.release();
			expect(largestDifference(both, alone)).toBeLessThan(1e-4);
		}
	});

	it('names inputs and outputs as onnxruntime-genai and transformers.js do', async () => {
		const { input, output, node } = await graphOf(await deploy(await tiny(), newFolder()));
		const cache = (prefix: string) =>
			[0, 1, 2, 3, 4].flatMap((layer) => [`${prefix}.${layer}.key`, `${prefix}.${layer}.value`]);
		expect(input.map(({ name }) => name)).toEqual([
			'input_ids',
			'attention_mask',
			'position_ids',
			...cache('past_key_values')
		]);
		expect(output.map(({ name }) => name)).toEqual(['logits', ...cache('present')]);
		expect(node.filter(({ opType }) => opType === 'GroupQueryAttention')).toHaveLength(5);
		expect(node.some(({ attribute }) => attribute.some(({ name }) => name === 'qk_output'))).toBe(
			false
		);
	});

	it('in float16 has weights and cache of float16, float32 logits near the engine’s', async () => {
		const model = await tiny();
		const out = await deploy(model, newFolder(), { dtype: 'fp16' });
		const { input, output } = await graphOf(out);
		const types = (values: typeof input) =>
			values.map(({ type }) => (type?.value.case === 'tensorType' ? type.value.value.elemType : 0));
		expect(
			types(input)
				.slice(3)
				.every((type) => type === 10)
		).toBe(true);
		expect(types(output)[0]).toBe(1);
		const { fromEngine, fromWhole, largest } = await runBoth(model, out, null);
		expect(fromEngine).toBeLessThan(0.03 * largest);
		expect(fromWhole).toBeLessThan(0.03 * largest);
	});
});

describe('a model as planned', () => {
	const SOURCES: Sources = [0, 0, 2, null, 4];
	const swapped = () => [3, 0, 0, 2];

	const plans: [string, TinyCheckpoint, Sources, (() => number[]) | undefined][] = [
		['one follower', {}, [0, 1, 1, 3, 4], undefined],
		['two followers of one source', {}, [0, 0, 0, 3, 4], undefined],
		['mapped heads', {}, [0, 1, 1, 3, 3], swapped],
		['mapped heads, no groups', { config: { num_key_value_heads: 4 } }, [0, 0, 0, 3, 4], swapped],
		['a dropped layer', {}, SOURCES, undefined],
		['the first layer dropped', {}, [null, 1, 1, 3, 4], undefined],
		['biases everywhere', { config: { attention_bias: true, mlp_bias: true } }, SOURCES, swapped],
		['Qwen3', { architecture: 'Qwen3ForCausalLM' }, SOURCES, undefined],
		[
			'sliding windows',
			{ architecture: 'MistralForCausalLM', config: { sliding_window: 7 } },
			[0, 1, 1, 1, 4],
			undefined
		],
		['heads of 8', { config: { head_dim: 8 } }, SOURCES, swapped]
	];

	it.each(plans)(
		'%s: agrees with the engine’s own shared run to 1e-3, step by step too',
		async (_, given, sources, headMap) => {
			const model = await tiny(given);
			const plan = await planFor(model, sources, headMap);
			const out = await deploy(model, newFolder(), { plan });
			const { fromEngine, fromWhole } = await runBoth(model, out, plan);
			expect(fromEngine).toBeLessThan(1e-3);
			expect(fromWhole).toBeLessThan(1e-3);
		}
	);

	it('writes refitted projections and mean outputs in place of what they replace', async () => {
		const model = await tiny({ config: { attention_bias: true } });
		const plan = await planFor(model, [0, 0, 2, null, 4]);
		const width = 4 * 16;
		const repairs: LayerRepairs = new Map([
			[
				1,
				{ o: Float32Array.from({ length: 32 * width }, (_, at) => Math.sin(at) / 8), bias: null }
			],
			[3, { o: null, bias: Float32Array.from({ length: 32 }, (_, at) => Math.cos(at)) }]
		]);
		const out = await deploy(model, newFolder(), {
			plan: await withRepairs(plan, model, repairs, scratch)
		});
		const { fromEngine, fromWhole } = await runBoth(model, out, plan, repairs);
		expect(fromEngine).toBeLessThan(1e-3);
		expect(fromWhole).toBeLessThan(1e-3);
		// They matter: without them the engine says something else.
		expect((await runBoth(model, out, plan)).fromEngine).toBeGreaterThan(0.05);
	});

	it('in float16 is near the engine’s shared run', async () => {
		const model = await tiny();
		const plan = await planFor(model, SOURCES, swapped);
		const out = await deploy(model, newFolder(), { plan, dtype: 'fp16' });
		const { fromEngine, fromWhole, largest } = await runBoth(model, out, plan);
		expect(fromEngine).toBeLessThan(0.03 * largest);
		expect(fromWhole).toBeLessThan(0.03 * largest);
	});

	it('gives followers no keys, dropped layers no cache, and sources an output of probabilities', async () => {
		const model = await tiny();
		const { input, output, node } = await graphOf(
			await deploy(model, newFolder(), { plan: await planFor(model, SOURCES) })
		);
		// Layer 1 has no keys; its values lie in halves.
		const slots = [0, 1, 2, 4].flatMap((layer) => [`${layer}.key`, `${layer}.value`]);
		expect(input.slice(3).map(({ name }) => name)).toEqual(
			slots.map((slot) => `past_key_values.${slot}`)
		);
		expect(output.slice(1).map(({ name }) => name)).toEqual(slots.map((slot) => `present.${slot}`));
		const tapped = node.filter(({ attribute }) =>
			attribute.some(({ name, i }) => name === 'qk_output' && i === 2n)
		);
		expect(tapped.map(({ name }) => name)).toEqual(['/model/layers.0/attn/GroupQueryAttention']);
	});

	it('leaves out of the data file what nothing uses any more, and aligns the rest', async () => {
		const model = await tiny();
		const bytes = async (folder: string) =>
			(await recordOf(folder)).files.find(({ name }) => name === 'onnx/model.onnx_data')?.bytes ??
			0;
		const shared = await deploy(model, newFolder(), { plan: await planFor(model, SOURCES) });
		const { initializer } = await graphOf(shared);
		const names = initializer.map(({ name }) => name);
		expect(names.filter((name) => name.startsWith('model.layers.1.attn'))).toEqual([
			'model.layers.1.attn.v_proj.MatMul.weight',
			'model.layers.1.attn.o_proj.MatMul.weight'
		]);
		expect(names.filter((name) => /^model\.layers\.3\.(attn|input)/.test(name))).toEqual([]);
		const places = initializer.flatMap(({ externalData }) =>
			externalData.filter(({ key }) => key === 'offset').map(({ value }) => Number(value))
		);
		expect(places.every((offset) => offset % 4096 === 0)).toBe(true);
		// q and k of one follower, everything of one dropped layer: [hidden, 64] and [hidden, 32] matrices.
		const saved = 4 * 32 * (64 + 32 + (64 + 32 + 32 + 64));
		const difference = (await bytes(await deploy(model, newFolder()))) - (await bytes(shared));
		expect(Math.abs(difference - saved)).toBeLessThanOrEqual(6 * 4096);
	});

	it('writes beside it where it comes from, what it was compared with, and what runtimes ask for', async () => {
		const model = await tiny({ config: { eos_token_id: [1, 7] } });
		const plan = await planFor(model, SOURCES);
		const out = await deploy(model, newFolder(), { plan, verify: true });
		const record = await recordOf(out);
		expect(record).toMatchObject({
			format: 'spanwise/model',
			version: 1,
			model: { architecture: 'LlamaForCausalLM', layers: 5 },
			target: 'onnx',
			dtype: 'fp32',
			cache: { keys: [0, 2, 4], values: [0, 1, 2, 4] }
		});
		expect(record.plan?.sources).toEqual(SOURCES);
		expect(record.verified?.tokens).toBe(64);
		expect(record.verified?.difference).toBeLessThan(1e-3);
		expect(record.files.map(({ name }) => name)).toEqual([
			'config.json',
			'genai_config.json',
			'onnx/model.onnx',
			'onnx/model.onnx_data',
			'tokenizer.json'
		]);
		expect((await filesIn(out)).sort()).toEqual(
			[...record.files.map(({ name }) => name), 'spanwise.json'].sort()
		);
		const genai = JSON.parse(await readFile(join(out, 'genai_config.json'), 'utf8')) as unknown;
		expect(genai).toMatchObject({
			model: {
				bos_token_id: 0,
				eos_token_id: [1, 7],
				pad_token_id: 1,
				context_length: 256,
				type: 'llama',
				decoder: { filename: 'onnx/model.onnx', head_size: 16, num_key_value_heads: 2 }
			},
			search: { past_present_share_buffer: false }
		});
	});
});

describe('what is refused', () => {
	it('a plan for another number of layers, leaving nothing', async () => {
		const model = await tiny();
		const plan = await planFor(await tiny({ config: { num_hidden_layers: 4 } }), [0, 1, 1, 3]);
		const out = newFolder();
		await expect(deploy(model, out, { plan })).rejects.toThrow(/4 layers; folder-\d+ has 5/);
		expect(await readdir(scratch)).not.toContain(out.split('/').at(-1));
	});

	it('a folder that holds something', async () => {
		const model = await tiny();
		await expect(deploy(model, model)).rejects.toThrow(
			'exists and is not empty; expected a new or an empty folder'
		);
	});

	it('weights that float16 cannot hold, leaving nothing half written', async () => {
		const model = await tiny({
			tensors: (tensors) => {
				tensors[2].values[0] = 1e6;
				return tensors;
			}
		});
		const before = await readdir(scratch);
		await expect(deploy(model, newFolder(), { dtype: 'fp16' })).rejects.toThrow(
			/1000000; float16 holds at most 65504 .*: use fp32/
		);
		expect(await readdir(scratch)).toEqual(before);
	});
});
