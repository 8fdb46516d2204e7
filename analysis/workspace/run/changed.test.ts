import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { madeUpRun } from '../../../tests/builders/run.ts';
import { InputError } from '../../errors.ts';
import { readRun, readSums, readWindows, runState } from './read.ts';
import { writeRun } from './write.ts';

const run = madeUpRun();
let home: string;
let folder: string;
beforeAll(async () => {
	home = await mkdtemp(join(tmpdir(), 'spanwise-changed-'));
	folder = join(home, 'run');
	await writeRun(folder, run.record, run.sums, run.windows);
});
afterAll(() => rm(home, { recursive: true }));

/** All that is read of a run, but what is said of its checksums. */
async function readAll() {
	const read = await readRun(folder);
	return {
		record: { ...read, checksum: null, sha256: null, notes: null },
		sums: await readSums(folder, read, 'all'),
		windows: await readWindows(folder, read)
	};
}

/** Writes a file, lets `look` at the run, and puts the file back. */
async function withFile(name: string, bytes: Uint8Array, look: () => Promise<void>): Promise<void> {
	const path = join(folder, name);
	const original = await readFile(path);
	await writeFile(path, bytes);
	try {
		await look();
	} finally {
		await writeFile(path, original);
	}
}

/** The record as an earlier version would have written it. */
async function unsealed(): Promise<Uint8Array> {
	const record = { ...(await readRun(folder)), checksum: undefined, sha256: undefined };
	return Buffer.from(JSON.stringify(record));
}

const FILES = ['run.json', 'windows.json', 'similarity/all.gram', 'similarity/all.null'];

describe.each(FILES)('a changed byte of %s', (name) => {
	it('is refused with a sentence, or changes nothing that is read', async () => {
		const original = await readFile(join(folder, name));
		const whole = await readAll();
		let refused = 0;
		for (let at = 0; at < original.length; at += 5) {
			const bytes = Uint8Array.from(original);
			bytes[at] ^= 1;
			await withFile(name, bytes, async () => {
				const found = await readAll().catch((error: unknown) => error);
				if (!(found instanceof Error)) {
					expect(found).toEqual(whole);
					return;
				}
				expect(found).toBeInstanceOf(InputError);
				expect(found.message).toContain(join(folder, name.startsWith('run') ? 'run' : name));
				refused++;
			});
		}
		expect(refused).toBeGreaterThan(original.length / 5 / 2);
	});
});

describe('a run without checksums, as earlier versions wrote it', () => {
	it('is read, with a note', async () => {
		await withFile('run.json', await unsealed(), async () => {
			const { notes } = await readRun(folder);
			expect(notes.at(-1)).toBe(
				'no checksums: an earlier version wrote this run, and a change of its files would not be noticed'
			);
			expect(await readAll()).toMatchObject({ windows: run.windows });
		});
	});
	it.each([NaN, Infinity])('is refused where a sum is %d', async (value) => {
		const bytes = await readFile(join(folder, 'similarity', 'all.gram'));
		bytes.writeDoubleLE(value, 8 * 7);
		await withFile('run.json', await unsealed(), () =>
			withFile('similarity/all.gram', bytes, async () => {
				await expect(readAll()).rejects.toThrow(
					`all.gram: number 7 is ${value}; expected finite numbers: analyze the model again`
				);
			})
		);
	});
	it('is refused where its loss is beyond every number', async () => {
		const text = Buffer.from(await unsealed())
			.toString()
			.replace('"loss":3.5', '"loss":1e999');
		await withFile('run.json', Buffer.from(text), async () => {
			await expect(readAll()).rejects.toThrow('run.json: loss: found Infinity; expected');
		});
	});
	it('is refused where windows.json has other windows', async () => {
		const windows = { windows: run.windows.windows.slice(1) };
		await withFile('run.json', await unsealed(), () =>
			withFile('windows.json', Buffer.from(JSON.stringify(windows)), async () => {
				await expect(readAll()).rejects.toThrow('windows.json: not the windows of run.json');
			})
		);
	});
});

describe('writing a run', () => {
	it('refuses sums that are no numbers, and leaves nothing', async () => {
		const gram = Float64Array.from(run.sums[0].gram ?? []).fill(NaN, 3, 4);
		const sums = [{ ...run.sums[0], gram }];
		await expect(writeRun(join(home, 'bad'), run.record, sums, run.windows)).rejects.toThrow(
			'all.gram: number 3 is NaN'
		);
		expect(await readdir(home)).toEqual(['run']);
	});
});

describe('the state of a run', () => {
	it('is another once a file was written over, and the same while none was', async () => {
		const before = await runState(folder);
		expect(await runState(folder)).toBe(before);
		const bytes = await readFile(join(folder, 'similarity', 'all.gram'));
		await writeFile(join(folder, 'similarity', 'all.gram'), bytes);
		expect(await runState(folder)).not.toBe(before);
	});
});
