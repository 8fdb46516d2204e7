import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DeployRecord } from '../../analysis/apply/types.ts';
import type { LayerRepairs } from '../../analysis/engine/repair/repairs.ts';
import type { Architecture } from '../../analysis/model/checkpoint/types.ts';
import type { Plan } from '../../analysis/plan/types.ts';
import { writeTinyCheckpoint } from '../builders/checkpoint.ts';
import { deploy, planFor, withRepairs } from '../builders/deployed.ts';

/** GPT-2 calls sizes otherwise. */
const GPT2 = {
	...{ n_embd: 32, n_inner: 48, n_layer: 7, n_head: 4, n_positions: 256 },
	...{ hidden_act: undefined, head_dim: undefined, num_key_value_heads: undefined }
};

/** Each takes seconds, for a Python starts. */
const CASES: readonly [Architecture, Record<string, unknown>, { refitted: boolean }][] = [
	['LlamaForCausalLM', { attention_bias: true }, { refitted: true }],
	['MistralForCausalLM', { sliding_window: 20 }, { refitted: false }],
	['Qwen2ForCausalLM', { tie_word_embeddings: true }, { refitted: true }],
	['Qwen3ForCausalLM', { attention_bias: true }, { refitted: false }],
	[
		'Gemma2ForCausalLM',
		{ sliding_window: 20, layer_types: Array(7).fill('sliding_attention') },
		{ refitted: true }
	],
	['Olmo2ForCausalLM', { rms_norm_eps: 1e-5 }, { refitted: true }],
	['GraniteForCausalLM', { residual_multiplier: 0.5 }, { refitted: true }],
	['Glm4ForCausalLM', { pad_token_id: 0, partial_rotary_factor: 0.5 }, { refitted: false }],
	['CohereForCausalLM', { pad_token_id: 0 }, { refitted: false }],
	['Phi3ForCausalLM', { pad_token_id: 0 }, { refitted: true }],
	['GPTNeoXForCausalLM', { num_key_value_heads: undefined, rotary_pct: 0.5 }, { refitted: true }],
	['GPT2LMHeadModel', GPT2, { refitted: true }],
	['StableLmForCausalLM', { pad_token_id: 0, use_qkv_bias: true }, { refitted: true }]
];

let scratch: string;
beforeAll(async () => {
	scratch = await mkdtemp(join(tmpdir(), 'spanwise-python-apply-'));
});
afterAll(() => rm(scratch, { recursive: true }));

/** Writes a model for transformers, which must have the logits of the engine, at once and through the cache. */
async function expectAgreement(model: string, plan: Plan, out: string): Promise<void> {
	await deploy(model, out, { plan, target: 'transformers', verify: true });
	const { transformers } = JSON.parse(
		await readFile(join(out, 'spanwise.json'), 'utf8')
	) as DeployRecord;
	expect(transformers?.difference).toBeLessThan(transformers?.tolerance ?? 0);
	expect(transformers?.cachedDifference).toBeLessThan(transformers?.tolerance ?? 0);
}

/** A folder written for transformers: followers with and without a head map, dropped layers; refitted or not. */
async function written(
	architecture: Architecture,
	config: Record<string, unknown>,
	refitted: boolean
) {
	const model = join(scratch, architecture);
	await writeTinyCheckpoint(model, { architecture, config: { num_hidden_layers: 7, ...config } });
	const o = Float32Array.from({ length: 32 * 32 }, (_, at) => Math.sin(at) / 6);
	const repairs: LayerRepairs = new Map([
		[1, { o, bias: null }],
		[3, { o: null, bias: Float32Array.from({ length: 32 }, (_, at) => Math.cos(at)) }],
		[5, { o: o.map((value) => -value), bias: null }],
		[6, { o: null, bias: new Float32Array(32).fill(0.3) }]
	]);
	const bare = await planFor(model, [0, 0, 2, null, 4, 4, null], (source) =>
		source === 0 ? [3, 0, 0, 2] : [0, 1, 2, 3]
	);
	const plan = refitted ? await withRepairs(bare, model, repairs, scratch) : bare;
	const out = join(scratch, `${architecture}-${refitted ? 'refitted' : 'planned'}`);
	await deploy(model, out, { plan, target: 'transformers', verify: true });
	const record = JSON.parse(await readFile(join(out, 'spanwise.json'), 'utf8')) as DeployRecord;
	return { out, record };
}

describe('a folder written for transformers', () => {
	it.each(CASES)(
		'%s, %j: is loaded with the logits of the engine, %j',
		async (family, config, of) => {
			const { record } = await written(family, config, of.refitted);
			expect(record.transformers).not.toBeNull();
			const { difference, cachedDifference, tolerance, version } = record.transformers ?? {
				difference: Infinity,
				cachedDifference: Infinity,
				tolerance: 0,
				version: ''
			};
			expect(difference).toBeLessThan(tolerance);
			expect(cachedDifference).toBeLessThan(tolerance);
			expect(version).toMatch(/^5\./);
		}
	);

	it.each([
		['families/mixtral', [0, 0, null]],
		['families/qwen3_moe', [0, 0, null]],
		['families/gpt_oss', [0, 1, null]],
		['quantised/moe-fp8', [0, 0]],
		['quantised/gpt-oss', [0, null]]
	] as const)('%s, a mixture of experts, %j: its experts are found', async (family, sources) => {
		const model = join('tests/fixtures', family);
		const plan = await planFor(model, [...sources]);
		await expectAgreement(model, plan, join(scratch, basename(family)));
	});

	it.each([
		['a follower', [0, 0], undefined, false],
		['a follower with a head map', [0, 0], [3, 0, 0, 2], false],
		['a follower with a head map, refitted', [0, 0], [1, 1, 2, 0], true],
		['a dropped layer with a mean output', [0, null], undefined, true]
	] as const)('MXFP4 experts of gpt-oss, %s', async (name, sources, headMap, refitted) => {
		const at = name.replaceAll(' ', '-');
		const model = join(scratch, `gpt-oss-${at}`);
		await cp('tests/fixtures/quantised/gpt-oss', model, { recursive: true });
		// A layer follows one of its own kind; weights are the same of either.
		const configFile = join(model, 'config.json');
		const said = await readFile(configFile, 'utf8');
		await writeFile(configFile, said.replace('"full_attention"', '"sliding_attention"'));
		const bare = await planFor(model, [...sources], headMap && (() => [...headMap]));
		const o = Float32Array.from({ length: 32 * 32 }, (_, place) => Math.sin(place) / 6);
		const repair =
			sources[1] === null ? { o: null, bias: new Float32Array(32).fill(0.3) } : { o, bias: null };
		const plan = refitted ? await withRepairs(bare, model, new Map([[1, repair]]), scratch) : bare;
		await expectAgreement(model, plan, join(scratch, `written-${at}`));
	});

	it('whose code was changed is not run', async () => {
		const out = join(scratch, 'MistralForCausalLM-planned');
		await writeFile(join(out, 'modeling_spanwise.py'), 'raise SystemExit');
		const { TorchWorker } = await import('../../analysis/engine/torchWorker.ts');
		const { pythonOf } = await import('../../analysis/engine/torchSettings.ts');
		const { plannedLogits } = await import('../../analysis/engine/torchMessages.ts');
		const worker = await TorchWorker.start(pythonOf(process.env));
		const request = { model: out, window: [1, 2, 3], folder: scratch };
		await expect(worker.ask('plannedLogits', request, plannedLogits)).rejects.toThrow(
			'modeling_spanwise.py is not there or not that of this version'
		);
		await worker.close();
	});
});
