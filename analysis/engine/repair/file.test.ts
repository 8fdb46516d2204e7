import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LayerRepair } from './repairs.ts';
import { parseConfig } from '../../model/checkpoint/config.ts';
import { readSafetensorsHeader } from '../../model/checkpoint/safetensors.ts';
import type { Sources } from '../../plan/types.ts';
import { tinyConfig } from '../../../tests/builders/checkpoint.ts';
import { encodeRepairs, readRepairs, repairHash } from './file.ts';

let folder: string;
beforeAll(async () => {
	folder = await mkdtemp(join(tmpdir(), 'spanwise-repair-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** hidden 32, 4 heads of 16: W_O is [32, 64]. */
const config = parseConfig(tinyConfig({ config: { head_dim: 16 } }), 'config.json');
const numbers = (length: number) => Float32Array.from({ length }, (_, at) => Math.sin(at));
const follower: LayerRepair = { o: numbers(32 * 64), bias: null };
const dropped: LayerRepair = { o: null, bias: numbers(32).reverse() };

/** The plan that names the file of that name, with the hash of the bytes that are written there. */
async function planWith(file: string, bytes: Uint8Array, sources: Sources) {
	await writeFile(join(folder, file), bytes);
	return { sources, repair: { file, sha256: repairHash(bytes), strength: 0.1 } };
}

describe('the file of refitted weights', () => {
	it('is read back as it was written, whatever the order of layers', async () => {
		const repairs = new Map([
			[2, dropped],
			[1, follower]
		]);
		const bytes = encodeRepairs(repairs, config);
		expect(encodeRepairs(new Map([...repairs].reverse()), config)).toEqual(bytes);
		const plan = await planWith('both.safetensors', bytes, [0, 0, null]);
		expect(await readRepairs(folder, plan, config)).toEqual(repairs);
	});

	it('is a safetensors file of float32 with the names that Hugging Face gives', async () => {
		const bytes = encodeRepairs(
			new Map([
				[1, follower],
				[2, dropped]
			]),
			config
		);
		await writeFile(join(folder, 'names.safetensors'), bytes);
		const entries = await readSafetensorsHeader(join(folder, 'names.safetensors'));
		expect(entries.map(({ name, dtype, shape }) => [name, dtype, shape])).toEqual([
			['model.layers.1.self_attn.o_proj.weight', 'F32', [32, 64]],
			['model.layers.2.self_attn.o_proj.bias', 'F32', [32]]
		]);
		expect(entries[0].offset % 8).toBe(0);
	});

	it('is not looked for where the plan names none', async () => {
		expect(await readRepairs(folder, { sources: [0, 0, 2], repair: null }, config)).toBeNull();
	});
});

describe('readRepairs refuses', () => {
	const bytes = encodeRepairs(new Map([[1, follower]]), config);

	it('a file that is missing', async () => {
		const plan = await planWith('there.safetensors', bytes, [0, 0, 2]);
		const repair = { ...plan.repair, file: 'gone.safetensors' };
		await expect(readRepairs(folder, { ...plan, repair }, config)).rejects.toThrow(
			/gone\.safetensors: the plan's refitted weights cannot be read: ENOENT/
		);
	});

	it('a file that changed', async () => {
		const plan = await planWith('changed.safetensors', bytes, [0, 0, 2]);
		const other = Uint8Array.from(bytes);
		other[other.length - 1] ^= 1;
		await writeFile(join(folder, 'changed.safetensors'), other);
		await expect(readRepairs(folder, plan, config)).rejects.toThrow(
			`changed.safetensors: SHA-256 ${repairHash(other)}; the plan's refitted weights have ${repairHash(bytes)}`
		);
	});

	it.each<[string, Uint8Array, Sources, string]>([
		[
			'a follower without its projection',
			bytes,
			[0, 0, 0],
			'no tensor model.layers.2.self_attn.o_proj.weight; the plan needs it'
		],
		[
			'a dropped layer without its bias',
			bytes,
			[0, 0, null],
			'no tensor model.layers.2.self_attn.o_proj.bias; the plan needs it'
		],
		[
			'weights of a layer that computes its own attention',
			encodeRepairs(
				new Map([
					[1, follower],
					[2, follower]
				]),
				config
			),
			[0, 0, 2],
			'tensor model.layers.2.self_attn.o_proj.weight: no layer of the plan takes it'
		],
		[
			'weights of another shape',
			encodeRepairs(
				new Map([[1, { o: numbers(32 * 32), bias: null }]]),
				parseConfig(tinyConfig(), 'config.json')
			),
			[0, 0, 2],
			'model.layers.1.self_attn.o_proj.weight: F32 [32, 32]; expected F32 [32, 64]'
		],
		['no safetensors file', new Uint8Array(4), [0, 0, 2], 'truncated: 4 bytes']
	])('%s', async (_, content, sources, message) => {
		const plan = await planWith('refused.safetensors', content, sources);
		await expect(readRepairs(folder, plan, config)).rejects.toThrow(message);
	});
});
