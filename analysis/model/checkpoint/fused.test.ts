import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { encodeSafetensors, type TensorSource } from '../../../tests/builders/safetensors.ts';
import { weightEntry } from './entry.ts';
import { openCheckpoint } from './open.ts';
import { WeightReader } from './read.ts';
import type { Checkpoint } from './types.ts';

const GPT2 = 'tests/fixtures/families/gpt2';

let folder: string;
const reader = new WeightReader();
beforeAll(async () => {
	folder = await mkdtemp(join(tmpdir(), 'spanwise-fused-'));
});
afterAll(async () => {
	await reader.close();
	await rm(folder, { recursive: true });
});

async function valuesOf(checkpoint: Checkpoint, name: string): Promise<Float32Array> {
	const entry = weightEntry(checkpoint, name);
	const values = new Float32Array(entry.shape.reduce((product, size) => product * size, 1));
	await reader.readInto(entry, values, 0);
	return values;
}

it('takes q, k and v out of one tensor, and counts its bytes once', async () => {
	const gpt2 = await openCheckpoint(GPT2);
	const at = 'transformer.h.1';
	const stored = await valuesOf(gpt2, `${at}.attn.c_attn.weight`);
	const k = await valuesOf(gpt2, `${at}.attn.k_proj.weight`);
	// Stored [24 inputs, 72 outputs]: output 2 of k is column 24 + 2.
	expect(k[2 * 24 + 5]).toBe(stored[5 * 72 + 24 + 2]);
	const bias = await valuesOf(gpt2, `${at}.attn.c_attn.bias`);
	expect(await valuesOf(gpt2, `${at}.attn.v_proj.bias`)).toEqual(bias.slice(48));
	expect(gpt2.parameters).toBe(48 * 24 + 64 * 24 + 3 * (12 * 24 * 24 + 13 * 24) + 2 * 24);
});

it('reads GPT-2 as it was first published: without a prefix, with the masks of its layers', async () => {
	const gpt2 = await openCheckpoint(GPT2);
	const tensors: TensorSource[] = [];
	for (const [name, { shape }] of gpt2.tensors) {
		const values = await valuesOf(gpt2, name);
		tensors.push({ name: name.replace(/^transformer\./, ''), dtype: 'F32', shape, values });
	}
	const mask = { dtype: 'F32', shape: [1, 1, 4, 4], values: new Float32Array(16) } as const;
	const masks = [0, 1, 2].map((layer) => ({
		...mask,
		shape: [1, 1, 4, 4],
		name: `h.${layer}.attn.bias`
	}));
	await writeFile(join(folder, 'model.safetensors'), encodeSafetensors([...tensors, ...masks]));
	await copyFile(join(GPT2, 'config.json'), join(folder, 'config.json'));
	const early = await openCheckpoint(folder);
	expect(early.notes).toEqual([]);
	const name = 'transformer.h.0.attn.q_proj.weight';
	expect(await valuesOf(early, name)).toEqual(await valuesOf(gpt2, name));
});

it('says which fused tensor has another shape than config.json lets one expect', async () => {
	const gpt2 = await openCheckpoint(GPT2);
	const values = new Float32Array(24 * 48);
	const tensors: TensorSource[] = [];
	for (const [name, { shape }] of gpt2.tensors) {
		const wrong = name === 'transformer.h.0.attn.c_attn.weight';
		const own = wrong ? values : await valuesOf(gpt2, name);
		tensors.push({ name, dtype: 'F32', shape: wrong ? [24, 48] : shape, values: own });
	}
	await writeFile(join(folder, 'model.safetensors'), encodeSafetensors(tensors));
	await expect(openCheckpoint(folder)).rejects.toThrow(
		'transformer.h.0.attn.c_attn.weight is [24, 48]; expected [24, 72] from config.json'
	);
});
