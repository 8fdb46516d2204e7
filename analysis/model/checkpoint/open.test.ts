import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
	tinyConfig,
	writeTinyCheckpoint,
	type TinyCheckpoint
} from '../../../tests/builders/checkpoint.ts';
import { InputError } from '../../errors.ts';
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

const root = new URL('../../../', import.meta.url).pathname;

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

	test('refuses an index that names a file outside the folder, or is none', async () => {
		const folder = await write({ shards: 2 });
		const index = join(folder, 'model.safetensors.index.json');
		await writeFile(index, JSON.stringify({ weight_map: { ghost: '../other.safetensors' } }));
		expect(await refusal(folder)).toMatch(
			/names "\.\.\/other\.safetensors"; expected a file beside it$/
		);
		await writeFile(index, JSON.stringify({ weight_map: [1] }));
		expect(await refusal(folder)).toMatch(/weight_map\.0: found 1; expected string$/);
	});

	test('what the index says of a tensor that is in no file does not matter where nothing reads it', async () => {
		const folder = await write({ shards: 2, config: { tie_word_embeddings: true } });
		const index = join(folder, 'model.safetensors.index.json');
		const json = JSON.parse(await readFile(index, 'utf8')) as {
			weight_map: Record<string, string>;
		};
		json.weight_map['lm_head.weight'] = 'model-00001-of-00002.safetensors';
		await writeFile(index, JSON.stringify(json));
		const { config, tensors } = await openCheckpoint(folder);
		expect(config.tied).toBe(true);
		expect(tensors.has('lm_head.weight')).toBe(false);
	});

	test('takes the last of two copies where the index names it, and refuses where it names the first', async () => {
		const folder = await write({
			shards: 2,
			tensors: ([first, ...others]) => [first, first, ...others]
		});
		const name = 'model.embed_tokens.weight';
		const last = 'model-00002-of-00002.safetensors';
		const { tensors } = await openCheckpoint(folder);
		expect(tensors.get(name)?.file).toBe(join(folder, last));
		const index = join(folder, 'model.safetensors.index.json');
		const text = await readFile(index, 'utf8');
		await writeFile(
			index,
			text.replace(`"${name}":"${last}"`, `"${name}":"${last.replace('2', '1')}"`)
		);
		expect(await refusal(folder)).toMatch(
			/00002-of-00002\.safetensors: model\.embed_tokens\.weight: also in model-00001-of-00002\.safetensors, .*: remove the stale one$/
		);
	});
});

describe('tensors by other names', () => {
	test('a base model’s names lack "model."', async () => {
		const folder = await write({
			tensors: (tensors) =>
				tensors.map((tensor) => ({ ...tensor, name: tensor.name.replace(/^model\./, '') }))
		});
		const { tensors } = await openCheckpoint(folder);
		expect([...tensors.keys()].sort()).toEqual(
			[...(await openCheckpoint(await write())).tensors.keys()].sort()
		);
		expect(tensors.get('model.norm.weight')?.name).toBe('model.norm.weight');
	});

	test('refuses one that is there under both names', async () => {
		const folder = await write({
			tensors: ([first, ...others]) => [{ ...first, name: 'embed_tokens.weight' }, first, ...others]
		});
		expect(await refusal(folder)).toMatch(/there with and without model\. before its name/);
	});

	test('of tied embeddings the one that is there is both', async () => {
		const folder = await write({
			config: { tie_word_embeddings: true },
			tensors: ([first, ...others]) => [{ ...first, name: 'lm_head.weight' }, ...others]
		});
		const { config, tensors, notes } = await openCheckpoint(folder);
		expect(config.tied).toBe(true);
		expect(tensors.get('model.embed_tokens.weight')?.shape).toEqual([config.vocab, config.hidden]);
		expect(tensors.has('lm_head.weight')).toBe(false);
		expect(notes).toEqual([]);
	});

	test('where tied embeddings are both there each is used, and a note says so', async () => {
		const folder = await write();
		await writeFile(
			join(folder, 'config.json'),
			JSON.stringify(tinyConfig({ config: { tie_word_embeddings: true } }))
		);
		const { config, notes } = await openCheckpoint(folder);
		expect(config.tied).toBe(false);
		expect(notes).toEqual([
			'config.json ties the output embedding to the input embedding, but the checkpoint has lm_head.weight of its own: that is used, as transformers 5 does'
		]);
	});

	test('a note names weights of layers that are not used', async () => {
		const extra = (name: string) => ({
			name,
			dtype: 'F32' as const,
			shape: [2],
			values: new Float32Array(2)
		});
		const folder = await write({
			tensors: (tensors) => [
				...tensors,
				extra('model.layers.0.self_attn.rotary_emb.inv_freq'),
				extra('model.layers.0.self_attn.q_proj.bias')
			]
		});
		expect((await openCheckpoint(folder)).notes).toEqual([
			'a tensor of a layer is not used, as in transformers, model.layers.0.self_attn.q_proj.bias: does config.json belong to these weights?'
		]);
	});
});

describe('says what a folder is that is no checkpoint', () => {
	const cases: [string, Record<string, string>, RegExp][] = [
		['nothing at all', {}, /: an empty folder: no config\.json; expected a model folder/],
		[
			'a PEFT adapter',
			{
				'adapter_config.json': '{"base_model_name_or_path":"org/base"}',
				'adapter_model.safetensors': ''
			},
			/: a PEFT adapter for org\/base, not a whole model; merge it into its base model/
		],
		[
			'a GGUF file',
			{ 'a.Q4_K_M.gguf': 'GGUF' },
			/: it has a\.Q4_K_M\.gguf: a model in GGUF is opened by the path of its file/
		],
		['a run', { 'run.json': '{}' }, /: a run, not a model; /],
		[
			'PyTorch weights',
			{ 'config.json': JSON.stringify(tinyConfig()), 'pytorch_model.bin': 'PK' },
			/: no weights: it has pytorch_model\.bin: weights in PyTorch's own format, /
		],
		[
			'weights under another name',
			{ 'config.json': JSON.stringify(tinyConfig()), 'other.safetensors': '' },
			/: no weights: it has other\.safetensors: expected model\.safetensors, or /
		],
		[
			'a pointer in place of config.json',
			{ 'config.json': 'version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 9\n' },
			/config\.json: a Git LFS pointer, not the file itself; /
		]
	];
	for (const [what, files, message] of cases) {
		test(what, async () => {
			const folder = join(home, `foreign-${made++}`);
			await mkdir(folder);
			for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
			expect(await refusal(folder)).toMatch(message);
		});
	}

	test('a snapshot whose download did not finish', async () => {
		const snapshot = join(home, 'models--org--half', 'snapshots', 'abc');
		await writeTinyCheckpoint(snapshot);
		await rm(join(snapshot, 'model.safetensors'));
		await symlink('../../blobs/abc', join(snapshot, 'model.safetensors'));
		const message =
			/model\.safetensors: a link to \.\.\/\.\.\/blobs\/abc, which is missing; the download did not finish: run it again$/;
		expect(await refusal(snapshot)).toMatch(message);
		await rm(join(snapshot, 'model.safetensors'));
		await mkdir(join(home, 'models--org--half', 'blobs'));
		await writeFile(join(home, 'models--org--half', 'blobs', 'abc.incomplete'), '');
		expect(await refusal(snapshot)).toMatch(
			/: no weights: its download did not finish: run it again$/
		);
		expect(await refusal(join(home, 'models--org--half'))).toMatch(
			/: a folder of the Hugging Face cache; name the model, org\/half, /
		);
	});
});
