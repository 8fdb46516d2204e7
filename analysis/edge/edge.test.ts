import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as v from 'valibot';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readRecordFile } from './json.ts';
import { parseJson } from './parseJson.ts';
import { boundedArray, parseOrNull, parseUntrusted } from './parse.ts';
import { MAX_QUOTED, quoted } from './quote.ts';

const schema = v.object({ layers: v.number(), names: boundedArray(v.string(), 3) });

describe('parseUntrusted', () => {
	it('gives what the schema gives', () => {
		expect(parseUntrusted(schema, { layers: 2, names: ['a'] }, 'f.json')).toEqual({
			layers: 2,
			names: ['a']
		});
	});

	it('says what was found where, and what is expected', () => {
		expect(() => parseUntrusted(schema, { layers: '2', names: [] }, 'f.json')).toThrow(
			/^f\.json: layers: found "2"; expected number$/
		);
	});

	it('repeats at most 200 characters of a value', () => {
		const value = { layers: 'x'.repeat(1_000_000), names: [] };
		try {
			parseUntrusted(schema, value, 'f.json');
			expect.unreachable();
		} catch (error) {
			expect(String(error).length).toBeLessThan(2 * MAX_QUOTED + 100);
		}
	});

	it('stops at the first of eight million bad items, and before items that are too many', () => {
		const names = new Array<number>(8_000_000).fill(1);
		const start = performance.now();
		expect(() => parseUntrusted(schema, { layers: 1, names }, 'f.json')).toThrow(
			'f.json: names: more than 3 entries; at most 3 are allowed'
		);
		expect(() => parseUntrusted(v.array(v.string()), names, 'f.json')).toThrow(
			'f.json: 0: found 1; expected string'
		);
		// Collecting every issue took 38 seconds.
		expect(performance.now() - start).toBeLessThan(5000);
	});

	it('gives null where a misfit is no error', () => {
		expect(parseOrNull(schema, { layers: 1 })).toBeNull();
	});
});

describe('parseJson', () => {
	it('names the place and repeats little of the text', () => {
		expect(() => parseJson('{"a": \u001b[31m}', 'request')).toThrow(
			/^request: not JSON: .*\\u001b/
		);
	});
});

describe('quoted', () => {
	it('leaves neither line breaks nor escape codes nor marks of direction', () => {
		expect(quoted('a\n\u001b[31mb\u202e')).toBe('a\\n\\u001b[31mb\\u202e');
	});
});

describe('a record, which the server reads itself', () => {
	const record = async (text: string) => {
		const folder = await mkdtemp(join(tmpdir(), 'spanwise-record-'));
		onTestFinished(() => rm(folder, { recursive: true }));
		const file = join(folder, 'run.json');
		await writeFile(file, text);
		return readRecordFile(file);
	};
	it('is parsed', async () => {
		expect(await record('{"a":[1]}')).toEqual({ a: [1] });
	});
	it('is bounded in bytes and in names, which cost the most', async () => {
		await expect(record(`{"a":[${'[],'.repeat(3e6)}[]]}`)).rejects.toThrow(
			/run\.json: 9000010 bytes; at most 8000000 are allowed$/
		);
		const many = Array.from({ length: 300_001 }, (_, at) => `"k${at}":1`).join();
		await expect(record(`{${many}}`)).rejects.toThrow(
			/run\.json: more than 300000 values by name; at most that many are read$/
		);
	});
});
