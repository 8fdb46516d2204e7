import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { deploy, planFor } from '../../tests/builders/deployed.ts';
import { weightEntry } from '../model/checkpoint/entry.ts';
import { openCheckpoint } from '../model/checkpoint/open.ts';
import { WeightReader } from '../model/checkpoint/read.ts';
import { withModel } from '../model/open.ts';

let scratch: string;
beforeAll(async () => {
	scratch = await mkdtemp(join(tmpdir(), 'spanwise-mixtures-'));
});
afterAll(() => rm(scratch, { recursive: true }));

it.each(['mixtral', 'qwen3_moe', 'gpt_oss'])(
	'a planned %s is written for transformers and read again, every expert with it',
	async (name) => {
		const model = join('tests/fixtures/families', name);
		const plan = await planFor(model, [0, 1, null]);
		const out = join(scratch, name);
		await deploy(model, out, { plan, target: 'transformers' });
		const tensorsOf = (folder: string) =>
			withModel(folder, (opened) => {
				if (opened.form !== 'checkpoint') throw new Error(`${folder} is no checkpoint`);
				return Promise.resolve([...opened.checkpoint.tensors.keys()]);
			});
		const experts = (names: string[]) => names.filter((each) => each.includes('experts'));
		const written = await tensorsOf(out);
		expect(experts(written)).toEqual(experts(await tensorsOf(model)));
		expect(written.filter((each) => /layers\.2\..*[qk]_proj/.test(each))).toEqual([]);
	}
);

it('MXFP4 experts of gpt-oss are written as the float32 values that transformers makes of them', async () => {
	const model = join(scratch, 'mxfp4');
	await cp('tests/fixtures/quantised/gpt-oss', model, { recursive: true });
	const configFile = join(model, 'config.json');
	const said = await readFile(configFile, 'utf8');
	await writeFile(configFile, said.replace('"dtype": null', '"torch_dtype": "bfloat16"'));
	const plan = await planFor(model, [0, null]);
	const out = join(scratch, 'mxfp4-written');
	await deploy(model, out, { plan, target: 'transformers' });
	const config: unknown = JSON.parse(await readFile(join(out, 'config.json'), 'utf8'));
	expect(config).toMatchObject({ dtype: 'float32' });
	expect(config).not.toHaveProperty('quantization_config');
	expect(config).not.toHaveProperty('torch_dtype');
	const written = await openCheckpoint(out);
	const experts = [...written.tensors.values()].filter(({ name }) =>
		name.includes('1.mlp.experts')
	);
	expect(experts.map(({ name, dtype, shape }) => [name.split('.').at(-1), dtype, shape])).toEqual([
		['down_proj', 'F32', [3, 32, 32]],
		['down_proj_bias', 'F32', [3, 32]],
		['gate_up_proj', 'F32', [3, 32, 64]],
		['gate_up_proj_bias', 'F32', [3, 64]]
	]);
	const reference = JSON.parse(await readFile(join(model, 'reference.json'), 'utf8')) as {
		weights: Record<string, string>;
	};
	const reader = new WeightReader();
	for (const [name, encoded] of Object.entries(reference.weights)) {
		const expected = new Float32Array(new Uint8Array(Buffer.from(encoded, 'base64')).buffer);
		const found = new Float32Array(expected.length);
		await reader.readInto(weightEntry(written, name), found, 0);
		expect(found).toEqual(expected);
	}
	await reader.close();
});
