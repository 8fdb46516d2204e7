import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { uniform } from '../../../tests/builders/checkpoint.ts';
import {
	encodeSafetensors,
	narrow,
	type TensorSource
} from '../../../tests/builders/safetensors.ts';
import { WeightReader } from './read.ts';
import { readSafetensorsHeader } from './safetensors.ts';
import type { Dtype, TensorEntry } from './types.ts';
import { widen } from './widen.ts';

let folder = '';
beforeAll(async () => {
	folder = await mkdtemp(join(tmpdir(), 'spanwise-read-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function entriesOf(tensors: TensorSource[]): Promise<Map<string, TensorEntry>> {
	const file = join(folder, `${Math.random()}.safetensors`);
	await writeFile(file, encodeSafetensors(tensors));
	return new Map((await readSafetensorsHeader(file)).map((entry) => [entry.name, entry]));
}

function source(name: string, dtype: Dtype, shape: number[]): TensorSource {
	const random = uniform(name.length);
	const length = shape.reduce((product, size) => product * size, 1);
	return { name, dtype, shape, values: Float32Array.from({ length }, random) };
}

function entryOf(entries: Map<string, TensorEntry>, name: string): TensorEntry {
	const entry = entries.get(name);
	if (entry === undefined) throw new Error(name);
	return entry;
}

describe('widen', () => {
	test('bfloat16: the upper half of a float32', () => {
		const target = new Float32Array(5);
		widen(Uint8Array.of(0x80, 0x3f, 0x49, 0xc0, 0x80, 0x7f), 'BF16', target, 1);
		expect([...target]).toEqual([0, 1, -3.140625, Infinity, 0]);
	});

	test('float16: normal, subnormal, largest, infinite, not a number, negative zero', () => {
		const halves = Uint16Array.of(0x3c00, 0x0001, 0x7bff, 0xfc00, 0x7e00, 0x8000, 0x3555);
		const target = new Float32Array(7);
		widen(new Uint8Array(halves.buffer), 'F16', target, 0);
		expect([...target]).toEqual([1, 2 ** -24, 65504, -Infinity, NaN, -0, 1365 / 4096]);
	});

	test('float32 at an odd byte is copied bit by bit', () => {
		const values = Float32Array.of(1.5, -2.25);
		const bytes = new Uint8Array(9);
		bytes.set(new Uint8Array(values.buffer), 1);
		const target = new Float32Array(3);
		widen(bytes.subarray(1), 'F32', target, 1);
		expect([...target]).toEqual([0, 1.5, -2.25]);
	});

	test('halves at an odd byte', () => {
		const target = new Float32Array(1);
		widen(Uint8Array.of(9, 0x80, 0x3f).subarray(1), 'BF16', target, 0);
		expect(target[0]).toBe(1);
	});
});

describe('WeightReader', () => {
	for (const dtype of ['F32', 'F16', 'BF16'] as const) {
		test(`reads ${dtype} as it was written, several tensors at once`, async () => {
			const tensors = [source('one', dtype, [3, 5]), source('three', dtype, [7])];
			const entries = await entriesOf(tensors);
			const reader = new WeightReader();
			const targets = tensors.map(({ values }) => new Float32Array(values.length + 2));
			await Promise.all(
				tensors.map(({ name }, at) => reader.readInto(entryOf(entries, name), targets[at], 2))
			);
			await reader.close();
			for (const [at, { values }] of tensors.entries()) {
				const expected = new Float32Array(values.length);
				widen(narrow(values, dtype), dtype, expected, 0);
				expect(targets[at].subarray(2)).toEqual(expected);
				const error = Math.max(...expected.map((value, i) => Math.abs(value - values[i])));
				expect(error).toBeLessThanOrEqual({ F32: 0, F16: 2 ** -12, BF16: 2 ** -9 }[dtype]);
			}
		});
	}

	test('a released buffer is used again for a tensor that fills at least half of it', async () => {
		const entries = await entriesOf([source('a', 'F32', [8]), source('bb', 'F32', [6])]);
		const reader = new WeightReader();
		const first = await reader.read(entryOf(entries, 'a'));
		reader.release(first);
		const second = await reader.read(entryOf(entries, 'bb'));
		expect(second.buffer).toBe(first.buffer);
		expect(second.byteLength).toBe(24);
		const third = await reader.read(entryOf(entries, 'bb'));
		expect(third.buffer).not.toBe(second.buffer);
		expect(third).toEqual(second);
		await reader.close();
	});

	test('rows come in the order asked for, repeated ones too', async () => {
		// Rows of 64 kB, so that far ones are read apart and near ones together.
		const matrix = source('matrix', 'BF16', [40, 32768]);
		const entries = await entriesOf([source('before', 'BF16', [3]), matrix]);
		const entry = entryOf(entries, 'matrix');
		const reader = new WeightReader();
		const whole = new Float32Array(40 * 32768);
		await reader.readInto(entry, whole, 0);
		const rows = [39, 0, 7, 7, 8, 20, 1];
		const found = await reader.readRows(entry, rows);
		await reader.close();
		for (const [at, row] of rows.entries()) {
			const expected = whole.subarray(row * 32768, (row + 1) * 32768);
			expect(Buffer.compare(rowBytes(found, at), rowBytes(expected, 0))).toBe(0);
		}
		function rowBytes(values: Float32Array, row: number): Uint8Array {
			return new Uint8Array(values.buffer, values.byteOffset + row * 131072, 131072);
		}
	});

	test('no rows are an empty array; a row outside is refused', async () => {
		const entries = await entriesOf([source('matrix', 'F32', [4, 3])]);
		const reader = new WeightReader();
		expect(await reader.readRows(entryOf(entries, 'matrix'), [])).toHaveLength(0);
		await expect(reader.readRows(entryOf(entries, 'matrix'), [1, 4])).rejects.toThrow(
			'matrix [4, 3] has no row 4'
		);
		await reader.close();
	});

	test('a file that is cut short after its header was read is reported', async () => {
		const entries = await entriesOf([source('a', 'F32', [100])]);
		const entry = entryOf(entries, 'a');
		await truncate(entry.file, entry.offset + 399);
		const reader = new WeightReader();
		await expect(reader.read(entry)).rejects.toThrow(/a: ends 1 bytes early/);
		await reader.close();
	});
});
