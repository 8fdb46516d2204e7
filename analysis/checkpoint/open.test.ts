import { mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
	tinyConfig,
	writeTinyCheckpoint,
	type TinyCheckpoint
} from '../../tests/builders/checkpoint.ts';
import { InputError } from '../errors.ts';
import { modelFacts } from './facts.ts';
import { openCheckpoint } from './open.ts';

let home = '';
let made = 0;

beforeAll(async () => {
	home = await mkdtemp(join(tmpdir(), 'spanwise-open-'));
});
afterAll(() => rm(home, { recursive: true }));

async function write(tiny: TinyCheckpoint = {}): Promise<string> {
	const folder = join(home, `model-${made++}`);
	await writeTinyCheckpoint(folder, tiny);
	return folder;
}

async function refusal(folder: string): Promise<string> {
	const error: unknown = await openCheckpoint(folder).catch((reason: unknown) => reason);
	expect(error).toBeInstanceOf(InputError);
	return (error as InputError).message.replaceAll(home, '');
}

const root = new URL('../../', import.meta.url).pathname;

describe('openCheckpoint', () => {
	test('opens the bundled models, whose parameters are as their card says', async () => {
		const checkpoint = await openCheckpoint(`${root}models/mini-llama3`);
		expect(checkpoint.name).toBe('mini-llama3');
		expect(modelFacts(checkpoint)).toMatchObject({
			architecture: 'LlamaForCausalLM',
			layers: 16,
			heads: 6,
			kvHeads: 2,
			headDim: 32,
			parameters: 7_870_656,
			bytes: 2 * 7_870_656,
			dtype: 'bfloat16'
		});
	});

	for (const architecture of [
		'LlamaForCausalLM',
		'MistralForCausalLM',
		'Qwen2ForCausalLM',
		'Qwen3ForCausalLM'
	] as const) {
		test(`opens ${architecture}, in one file or several`, async () => {
			const whole = await openCheckpoint(await write({ architecture, dtype: 'BF16' }));
			const parts = await openCheckpoint(await write({ architecture, dtype: 'BF16', shards: 3 }));
			expect(parts.config).toEqual(whole.config);
			expect([...parts.tensors.keys()].sort()).toEqual([...whole.tensors.keys()].sort());
			expect(new Set([...parts.tensors.values()].map(({ file }) => basename(file))).size).toBe(3);
			expect(parts.bytes).toBe(whole.bytes);
		});
	}

	test('follows links, as the Hugging Face cache has them, and takes the name from there', async () => {
		const folder = await write();
		const snapshots = join(home, 'models--some-org--some-model', 'snapshots');
		await writeTinyCheckpoint(join(snapshots, 'abc'));
		await rm(join(snapshots, 'abc', 'model.safetensors'));
		await symlink(join(folder, 'model.safetensors'), join(snapshots, 'abc', 'model.safetensors'));
		const checkpoint = await openCheckpoint(join(snapshots, 'abc'));
		expect(checkpoint.name).toBe('some-org/some-model');
	});

	test('tied embeddings need no lm_head; tensors it does not use are no fault', async () => {
		const folder = await write({
			config: { tie_word_embeddings: true },
			tensors: (tensors) => [
				...tensors,
				{ name: 'rotary.inv_freq', dtype: 'F32', shape: [2], values: new Float32Array(2) }
			]
		});
		const { tensors } = await openCheckpoint(folder);
		expect(tensors.has('lm_head.weight')).toBe(false);
		expect(tensors.has('rotary.inv_freq')).toBe(true);
	});

	test('refuses a folder that is none, and one without config.json', async () => {
		expect(await refusal(join(home, 'nowhere'))).toBe('/nowhere: no such folder');
		const folder = await write();
		await rm(join(folder, 'config.json'));
		expect(await refusal(folder)).toMatch(/^\/model-\d+: no config.json; expected a model folder/);
	});

	test('refuses a config.json that is no JSON', async () => {
		const folder = await write();
		await writeFile(join(folder, 'config.json'), '{"hidden_size": ');
		expect(await refusal(folder)).toMatch(/config\.json: not JSON: /);
	});

	test('refuses a folder without safetensors weights', async () => {
		const folder = await write();
		await rm(join(folder, 'model.safetensors'));
		expect(await refusal(folder)).toMatch(
			/no weights: neither model.safetensors nor model.safetensors.index.json/
		);
	});

	test('refuses a folder with an ONNX model in place of weights, saying what takes one', async () => {
		const folder = await write();
		await rename(join(folder, 'model.safetensors'), join(folder, 'model.onnx'));
		expect(await refusal(folder)).toMatch(
			/model\.onnx: an ONNX model; only analyze, inspect, evaluate, apply and bench take one/
		);
	});

	test('refuses a missing tensor', async () => {
		const folder = await write({
			tensors: (tensors) => tensors.filter(({ name }) => !name.includes('1.mlp.up'))
		});
		expect(await refusal(folder)).toMatch(
			/missing tensor model\.layers\.1\.mlp\.up_proj\.weight; config\.json asks for it, \[48, 32\]$/
		);
	});

	test('refuses a misshapen tensor', async () => {
		const folder = await write();
		await writeFile(
			join(folder, 'config.json'),
			JSON.stringify(tinyConfig({ config: { num_key_value_heads: 4 } }))
		);
		expect(await refusal(folder)).toMatch(
			/model\.safetensors: model\.layers\.0\.self_attn\.k_proj\.weight is \[16, 32\]; expected \[32, 32\] from config\.json$/
		);
	});

	test('refuses a missing shard', async () => {
		const folder = await write({ shards: 2 });
		await rm(join(folder, 'model-00002-of-00002.safetensors'));
		expect(await refusal(folder)).toMatch(
			/missing shard model-00002-of-00002\.safetensors, which model\.safetensors\.index\.json names$/
		);
	});

	test('refuses an index that puts a tensor where it is not, or outside the folder', async () => {
		const folder = await write({ shards: 2 });
		const index = join(folder, 'model.safetensors.index.json');
		await writeFile(
			index,
			JSON.stringify({ weight_map: { ghost: 'model-00001-of-00002.safetensors' } })
		);
		expect(await refusal(folder)).toMatch(
			/index\.json: ghost: not in model-00001-of-00002\.safetensors, where the index has it$/
		);
		await writeFile(index, JSON.stringify({ weight_map: { ghost: '../other.safetensors' } }));
		expect(await refusal(folder)).toMatch(
			/names "\.\.\/other\.safetensors"; expected a file beside it$/
		);
		await writeFile(index, JSON.stringify({ weight_map: [1] }));
		expect(await refusal(folder)).toMatch(/weight_map does not name a file for every tensor$/);
	});

	test('refuses a tensor that two shards hold', async () => {
		const folder = await write({
			shards: 2,
			tensors: ([first, ...others]) => [first, first, ...others]
		});
		expect(await refusal(folder)).toMatch(
			/embed_tokens\.weight: also in model-0000\d-of-00002\.safetensors$/
		);
	});
});
