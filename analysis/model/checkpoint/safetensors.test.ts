import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { encodeSafetensors, safetensorsFile } from '../../../tests/builders/safetensors.ts';
import { InputError } from '../../errors.ts';
import { MAX_HEADER_BYTES, readSafetensorsHeader } from './safetensors.ts';

let folder = '';
beforeAll(async () => {
	folder = await mkdtemp(join(tmpdir(), 'spanwise-safetensors-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function read(bytes: Uint8Array): ReturnType<typeof readSafetensorsHeader> {
	const file = join(folder, 'a.safetensors');
	await writeFile(file, bytes);
	return readSafetensorsHeader(file);
}

/** The message, which names the file first. */
async function refusal(bytes: Uint8Array): Promise<string> {
	const error: unknown = await read(bytes).catch((reason: unknown) => reason);
	expect(error).toBeInstanceOf(InputError);
	const { message } = error as InputError;
	expect(message).toMatch(/a\.safetensors: /);
	expect(message).not.toContain('\n');
	return message.slice(message.indexOf('a.safetensors: ') + 'a.safetensors: '.length);
}

const data = (length: number): Uint8Array => new Uint8Array(length);
const tensor = (
	begin: number,
	end: number,
	shape = [(end - begin) / 4],
	dtype = 'F32'
): unknown => ({
	dtype,
	shape,
	data_offsets: [begin, end]
});
const file = (header: Record<string, unknown>, length: number): Uint8Array =>
	safetensorsFile(JSON.stringify(header), data(length));

describe('readSafetensorsHeader accepts', () => {
	test('tensors in any order of the header, in the order of their bytes', async () => {
		const bytes = file({ b: tensor(8, 16), a: tensor(0, 8) }, 16);
		const entries = await read(bytes);
		expect(entries.map(({ name }) => name)).toEqual(['a', 'b']);
		const dataStart = bytes.length - 16;
		expect(entries[1]).toEqual({
			name: 'b',
			dtype: 'F32',
			shape: [2],
			file: join(folder, 'a.safetensors'),
			offset: dataStart + 8,
			byteLength: 8
		});
	});

	test('all three dtypes, scalars, empty tensors, metadata, padding after the header', async () => {
		const header = JSON.stringify({
			__metadata__: { format: 'pt' },
			f32: tensor(0, 4, []),
			f16: tensor(4, 10, [3], 'F16'),
			bf16: tensor(10, 12, [1, 1], 'BF16'),
			none: tensor(12, 12, [0, 5])
		});
		const entries = await read(safetensorsFile(`${header}    `, data(12)));
		expect(entries.map(({ byteLength }) => byteLength)).toEqual([4, 6, 2, 0]);
	});

	test('types that nothing here computes with, by their size in the format', async () => {
		const header = {
			i64: tensor(0, 16, [2], 'I64'),
			bool: tensor(16, 19, [3], 'BOOL'),
			fp4: tensor(19, 21, [4], 'F4'),
			fp8: tensor(21, 22, [1], 'F8_E4M3')
		};
		const entries = await read(file(header, 22));
		expect(entries.map(({ dtype, byteLength }) => [dtype, byteLength])).toEqual([
			['I64', 16],
			['BOOL', 3],
			['F4', 2],
			['F8_E4M3', 1]
		]);
	});

	test('a header whose length begins as a ZIP archive does', async () => {
		const header = '{}'.padEnd('P'.charCodeAt(0) + 256 * 'K'.charCodeAt(0));
		expect(await read(safetensorsFile(header, data(0)))).toEqual([]);
	});

	test('names with quotes, braces and colons', async () => {
		const [entry] = await read(file({ 'a": {"b\\': tensor(0, 4) }, 4));
		expect(entry.name).toBe('a": {"b\\');
	});

	test('a file without tensors, and what the tests write', async () => {
		expect(await read(file({}, 0))).toEqual([]);
		const values = Float32Array.of(1, 2);
		const bytes = encodeSafetensors([{ name: 'x', dtype: 'BF16', shape: [2], values }]);
		expect(await read(bytes)).toMatchObject([{ name: 'x', byteLength: 4 }]);
	});
});

describe('readSafetensorsHeader refuses', () => {
	test('a file that is not there, and one that is a folder', async () => {
		await expect(readSafetensorsHeader(join(folder, 'no'))).rejects.toThrow(/no: cannot be read: /);
		await expect(readSafetensorsHeader(folder)).rejects.toThrow(InputError);
	});

	test('a pipe, at once: opening one would wait for a writer that never comes', async () => {
		const pipe = join(folder, 'pipe');
		execFileSync('mkfifo', [pipe]);
		await expect(readSafetensorsHeader(pipe)).rejects.toThrow(
			`${pipe}: cannot be read: a pipe, socket or device; expected a file`
		);
	});

	test('a file shorter than its length field', async () => {
		expect(await refusal(data(5))).toBe('truncated: 5 bytes; a safetensors file has at least 8');
	});

	test('a header longer than its file', async () => {
		expect(await refusal(safetensorsFile('{}', data(0), 1000n))).toBe(
			'header of 1000 bytes is longer than its file, which has 10 bytes; truncated, or no safetensors file'
		);
	});

	test('a header beyond the limit, before any memory is taken for it', async () => {
		expect(await refusal(safetensorsFile('{}', data(0), 2n ** 63n))).toBe(
			`header of 9223372036854775808 bytes; at most ${MAX_HEADER_BYTES}`
		);
	});

	test('a header that is no JSON, no UTF-8 or no object', async () => {
		expect(await refusal(safetensorsFile('{"a"', data(0)))).toMatch(/^header: not JSON: /);
		expect(await refusal(safetensorsFile('[1]', data(0)))).toBe('header is not a JSON object');
		const bytes = Buffer.from(safetensorsFile('{"a":{}}', data(0)));
		bytes[10] = 0xff;
		expect(await refusal(bytes)).toMatch(/^header: not JSON: /);
	});

	test('an unknown dtype', async () => {
		for (const dtype of ['C128', 'f32', 'toString', '__proto__']) {
			expect(await refusal(file({ a: tensor(0, 8, [1], dtype) }, 8))).toMatch(
				`a: dtype ${dtype}; a safetensors file has F4, `
			);
		}
	});

	test('a byte order mark before the header', async () => {
		expect(await refusal(safetensorsFile('\ufeff{}', data(0)))).toMatch(/^header: not JSON: /);
	});

	test('metadata that is no object of strings', async () => {
		const expected = '__metadata__ is not an object of strings; not a safetensors file';
		// A key of its own, which schemas pass over.
		const proto = Object.fromEntries([['__proto__', []]]);
		for (const metadata of [{ a: 1 }, ['a'], 'a', 1, proto]) {
			expect(await refusal(file({ __metadata__: metadata }, 0))).toBe(expected);
		}
	});

	test('what stands in place of a download, by name', async () => {
		const pointer = 'version https://git-lfs.github.com/spec/v1\noid sha256:4d4d\nsize 1234\n';
		expect(await refusal(Buffer.from(pointer))).toMatch(
			/^a Git LFS pointer, not the file itself; /
		);
		expect(await refusal(Buffer.from('<!DOCTYPE html>\n<html><head>'))).toMatch(/^a web page, /);
		expect(await refusal(Buffer.from('\n<html lang="en">'))).toMatch(/^a web page, /);
		expect(await refusal(Buffer.from('GGUF\u0003\0\0\0'))).toMatch(/^a GGUF file, /);
	});

	test('offsets past the end, as in a truncated file', async () => {
		expect(await refusal(file({ a: tensor(0, 8) }, 7))).toBe(
			'a: bytes 0 to 8 run past the end; the file holds 7 bytes of data; truncated?'
		);
	});

	test('offsets that overlap', async () => {
		expect(await refusal(file({ a: tensor(0, 8), b: tensor(4, 12) }, 12))).toBe(
			'b: begins at byte 4 and overlaps a, which ends at 8'
		);
	});

	test('two tensors on the same bytes', async () => {
		expect(await refusal(file({ a: tensor(0, 8), b: tensor(0, 8) }, 8))).toBe(
			'b: begins at byte 0 and overlaps a, which ends at 8'
		);
	});

	test('a hole between tensors, and bytes after the last', async () => {
		expect(await refusal(file({ a: tensor(0, 4), b: tensor(8, 12) }, 12))).toBe(
			'b: begins at byte 8; a ends at 4, and no hole is allowed'
		);
		expect(await refusal(file({ a: tensor(0, 4) }, 9))).toBe(
			'5 bytes after the last tensor (a); expected 0'
		);
	});

	test('a length that does not fit dtype and shape', async () => {
		expect(await refusal(file({ a: tensor(0, 8, [3]) }, 8))).toBe('a: 8 bytes; F32 [3] takes 12');
		expect(await refusal(file({ a: tensor(0, 8, [2 ** 40, 2 ** 40]) }, 8))).toMatch(
			/^a: 8 bytes; F32/
		);
		expect(await refusal(file({ a: tensor(0, 0, [2 ** 40, 2 ** 40, 0]) }, 0))).toBe(
			'a: 0 bytes; F32 [1099511627776, 1099511627776, 0] takes more than can be counted'
		);
	});

	test('offsets that run backwards', async () => {
		expect(await refusal(file({ a: tensor(8, 0, [2]) }, 8))).toBe(
			'a: ends at byte 0, before its begin at 8'
		);
	});

	test('an entry that is none', async () => {
		expect(await refusal(file({ a: 1 }, 0))).toBe('a: found 1; expected Object');
		expect(await refusal(file({ a: tensor(0, 4, [-1]) }, 4))).toBe(
			'a: shape.0: found -1; expected >=0'
		);
		expect(await refusal(file({ a: tensor(0, 4, [0.5]) }, 4))).toBe(
			'a: shape.0: found 0.5; expected a whole number'
		);
		expect(
			await refusal(file({ a: { dtype: 'F32', shape: [], data_offsets: [0, 4, 8] } }, 4))
		).toBe('a: data_offsets.2: not known here');
	});

	test('a name that stands twice in the header, however it is escaped', async () => {
		const entry = JSON.stringify(tensor(0, 4));
		expect(await refusal(safetensorsFile(`{"a":${entry},"\\u0061" :${entry}}`, data(4)))).toBe(
			'a: named twice in the header'
		);
	});
});
