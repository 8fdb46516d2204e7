import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { deploy, planFor, withRepairs } from '../../tests/builders/deployed.ts';
import { encodeSafetensors, type TensorSource } from '../../tests/builders/safetensors.ts';
import type { LayerRepairs } from '../engine/repair/repairs.ts';
import { weightEntry } from '../model/checkpoint/entry.ts';
import { openCheckpoint } from '../model/checkpoint/open.ts';
import { WeightReader } from '../model/checkpoint/read.ts';
import type { DeployRecord } from './types.ts';

const FAMILIES = 'tests/fixtures/families';

let scratch: string;
const reader = new WeightReader();
beforeAll(async () => {
	scratch = await mkdtemp(join(tmpdir(), 'spanwise-other-attention-'));
});
afterAll(async () => {
	await reader.close();
	await rm(scratch, { recursive: true });
});

async function valuesOf(folder: string, name: string): Promise<Float32Array> {
	const entry = weightEntry(await openCheckpoint(folder), name);
	const values = new Float32Array(entry.shape.reduce((product, size) => product * size, 1));
	await reader.readInto(entry, values, 0);
	return values;
}

/** A follower with a head map and another projection, and a dropped layer with a mean output. */
async function written(family: string): Promise<{ out: string; o: Float32Array }> {
	const model = join(FAMILIES, family);
	const { hidden, heads, headDim } = (await openCheckpoint(model)).config;
	const o = Float32Array.from({ length: hidden * heads * headDim }, (_, at) => Math.sin(at) / 6);
	const bias = Float32Array.from({ length: hidden }, (_, at) => Math.cos(at));
	const repairs: LayerRepairs = new Map([
		[1, { o, bias: null }],
		[2, { o: null, bias }]
	]);
	const reversed = Array.from({ length: heads }, (_, head) => heads - 1 - head);
	const bare = await planFor(model, [0, 0, null], () => reversed);
	const plan = await withRepairs(bare, model, repairs, scratch);
	const out = join(scratch, family);
	await deploy(model, out, { plan, target: 'transformers', verify: true });
	return { out, o };
}

it.each([
	['phi3', 'model.layers.*.self_attn', 'qkv_proj', 'o_proj'],
	['gpt_neox', 'gpt_neox.layers.*.attention', 'query_key_value', 'dense'],
	['gpt2', 'transformer.h.*.attn', 'c_attn', 'c_proj']
])(
	'%s, whose q, k and v share a tensor, is written with the values of followers alone',
	async (family, attention, joint, output) => {
		const { out, o } = await written(family);
		const record = JSON.parse(await readFile(join(out, 'spanwise.json'), 'utf8')) as DeployRecord;
		expect(record.verified?.difference).toBeLessThan(record.verified?.tolerance ?? 0);
		const card = await readFile(join(out, 'README.md'), 'utf8');
		expect(card).toContain(`\`["${joint}", "v_proj", "${output}"]\``);
		const { tensors, config } = await openCheckpoint(out);
		const of = (layer: number) => {
			const at = `${attention.replace('*', String(layer))}.`;
			const names = [...tensors.keys()].filter((name) => name.startsWith(at));
			return names.map((name) => name.slice(at.length)).sort();
		};
		const kinds = (module: string, biased: boolean) =>
			biased ? [`${module}.bias`, `${module}.weight`] : [`${module}.weight`];
		const { qkvBias, outputBias } = config;
		expect(of(0)).toEqual([...kinds(joint, qkvBias), ...kinds(output, outputBias)].sort());
		expect(of(1)).toEqual([...kinds(output, outputBias), ...kinds('v_proj', qkvBias)]);
		expect(of(2)).toEqual([`${output}.bias`]);
		const follower = attention.replace('*', '1');
		for (const [, kind] of kinds('v_proj', qkvBias).map((each) => each.split('.'))) {
			const name = `${follower}.v_proj.${kind}`;
			expect(await valuesOf(out, name)).toEqual(await valuesOf(join(FAMILIES, family), name));
		}
		// As the file has it: GPT-2 keeps matrices as [inputs, outputs].
		const projection = await valuesOf(out, `${follower}.${output}.weight`);
		expect(projection).toEqual(family === 'gpt2' ? transposed(o, config.hidden) : o);
	}
);

it.each(['stablelm', 'cohere'])('%s: followers and dropped layers are written', async (family) => {
	const { out } = await written(family);
	const record = JSON.parse(await readFile(join(out, 'spanwise.json'), 'utf8')) as DeployRecord;
	expect(record.verified?.difference).toBeLessThan(record.verified?.tolerance ?? 0);
});

/** A square matrix with rows and columns exchanged. */
function transposed(values: Float32Array, size: number): Float32Array {
	return values.map((_, at) => values[(at % size) * size + Math.floor(at / size)]);
}

it('leaves out what older files keep beside the weights and is computed', async () => {
	const gpt2 = await openCheckpoint(join(FAMILIES, 'gpt2'));
	const model = join(scratch, 'published');
	await mkdir(model);
	const tensors: TensorSource[] = [];
	for (const [name, { shape }] of gpt2.tensors) {
		const values = await valuesOf(gpt2.folder, name);
		tensors.push({ name: name.replace(/^transformer\./, ''), dtype: 'F32', shape, values });
	}
	const mask = { dtype: 'F32', shape: [1, 1, 4, 4], values: new Float32Array(16) } as const;
	const masks = [0, 1, 2].map((layer) => ({
		...mask,
		shape: [4, 4],
		name: `h.${layer}.attn.bias`
	}));
	await writeFile(join(model, 'model.safetensors'), encodeSafetensors([...tensors, ...masks]));
	await copyFile(join(gpt2.folder, 'config.json'), join(model, 'config.json'));
	const plan = await planFor(model, [0, 1, null]);
	const out = await deploy(model, join(scratch, 'unmasked'), { plan, target: 'transformers' });
	const kept = [...(await openCheckpoint(out)).tensors.keys()];
	const gone = (name: string) => /^transformer\.h\.2\.(attn|ln_1)/.test(name);
	expect(kept.sort()).toEqual([...gpt2.tensors.keys()].filter((name) => !gone(name)).sort());
});
