import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { planFor } from '../../tests/builders/deployed.ts';
import { weightEntry } from '../model/checkpoint/entry.ts';
import { openCheckpoint } from '../model/checkpoint/open.ts';
import { WeightReader } from '../model/checkpoint/read.ts';
import { withModel } from '../model/open.ts';
import { deployModel } from './deploy.ts';

const MODEL = 'tests/fixtures/quantised/gptq';
const LAYER_0 = ['self_attn.q_proj', 'self_attn.o_proj', 'mlp.down_proj'];

let scratch: string;
beforeAll(async () => {
	scratch = await mkdtemp(join(tmpdir(), 'spanwise-quantised-'));
});
afterAll(() => rm(scratch, { recursive: true }));

async function applied(target: 'onnx' | 'transformers', dtype: 'fp32' | null) {
	const out = join(scratch, target);
	const plan = await planFor(MODEL, [0, 0]);
	const request = {
		...{ plan, planFolder: '.', out, home: join(scratch, 'home') },
		...{ target, dtype, verify: true, command: undefined }
	};
	const { record, notes } = await withModel(MODEL, (model) =>
		deployModel(model, request, () => undefined)
	);
	return { out, record, notes };
}

async function valuesOf(folder: string, name: string): Promise<number[]> {
	const entry = weightEntry(await openCheckpoint(folder), name);
	const values = new Float32Array(entry.shape.reduce((product, size) => product * size, 1));
	const reader = new WeightReader();
	await reader.readInto(entry, values, 0);
	await reader.close();
	return [...values];
}

it('a quantised checkpoint is written for transformers with its weights as float32, and apply says so', async () => {
	const { out, record, notes } = await applied('transformers', null);
	expect(record.verified?.difference).toBeLessThan(1e-4);
	expect(notes).toContain(
		'weights that were int4 (GPTQ) are written as float32, which takes more space; embeddings, norms and biases keep their types'
	);
	const config = JSON.parse(await readFile(join(out, 'config.json'), 'utf8')) as object;
	expect(config).not.toHaveProperty('quantization_config');
	expect(config).toHaveProperty('dtype', 'float32');
	const { tensors, notes: left } = await openCheckpoint(out);
	expect([...tensors.keys()].filter((name) => /qweight|scales|qzeros|g_idx/.test(name))).toEqual(
		[]
	);
	expect(tensors.has('model.layers.1.self_attn.q_proj.weight')).toBe(false);
	expect(left).not.toContain('int4');
	for (const part of LAYER_0) {
		const name = `model.layers.0.${part}.weight`;
		expect(await valuesOf(out, name)).toEqual(await valuesOf(MODEL, name));
	}
});

it('and as an ONNX decoder', async () => {
	const { record, notes } = await applied('onnx', 'fp32');
	expect(record.verified?.difference).toBeLessThan(1e-4);
	expect(notes).toContain('weights that were int4 (GPTQ) are written as fp32');
});
