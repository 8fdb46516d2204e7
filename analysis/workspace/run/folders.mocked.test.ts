import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { madeUpRun } from '../../../tests/builders/run.ts';
import { similarityOf } from '../../similarity/similarity.ts';
import { listRuns, resolveRun, runShelf } from './list.ts';
import { readRun, readSums, readWindows } from './read.ts';
import type { RunRecord } from './types.ts';
import { checkTarget, readyTarget } from '../wholeFolder.ts';
import { writeRun } from './write.ts';

/** Makes the writing of one file fail as a disk would. */
const disk = vi.hoisted(() => ({ failing: '', code: 'ENOSPC' }));
vi.mock('node:fs/promises', async (original) => {
	const fs = await original<typeof import('node:fs/promises')>();
	const open: typeof fs.open = (path, ...rest) =>
		disk.failing !== '' && String(path).endsWith(disk.failing)
			? Promise.reject(Object.assign(new Error(disk.code), { code: disk.code }))
			: fs.open(path, ...rest);
	return { ...fs, open };
});

let home: string;
let folder: string;
const run = madeUpRun();
const { id } = run.record;
const write = (target: string) => writeRun(target, run.record, run.sums, run.windows);

beforeEach(async () => {
	disk.failing = '';
	home = await mkdtemp(join(tmpdir(), 'spanwise-run-'));
	folder = join(home, 'runs', id);
});
afterEach(() => rm(home, { recursive: true, force: true }));

describe('a run that is written', () => {
	it('is read back the same, its sums and windows too', async () => {
		const record = await write(folder);
		expect(await readRun(folder)).toEqual(record);
		expect(await readSums(folder, record, 'all')).toEqual(run.sums[0]);
		expect(await readWindows(folder, record)).toEqual(run.windows);
		const documents = record.windows.map(({ document }) => document);
		const read = await readSums(folder, record, 'all');
		expect(similarityOf(read, 'cosine', documents)).toEqual(
			similarityOf(run.sums[0], 'cosine', documents)
		);
	});
	it('has its sums as little-endian float64 with their shapes in run.json', async () => {
		const record = await write(folder);
		expect(record.files['similarity/all.gram']).toEqual({ dtype: 'float64', shape: [6, 6] });
		expect(record.files['similarity/all.windows'].shape).toEqual([2, 2, 3, 3]);
		expect(record.files['similarity/all.js'].shape).toEqual([2, 3, 3]);
		const bytes = await readFile(join(folder, 'similarity', 'all.gram'));
		expect(bytes.readDoubleLE(7 * 8)).toBe(run.sums[0].gram?.[7]);
		expect((await readdir(join(folder, 'similarity'))).sort()).toEqual([
			'all.gram',
			'all.js',
			'all.null',
			'all.sqrt',
			'all.windows'
		]);
	});
	it('leaves out the parts that were not asked for', async () => {
		const sums = [{ ...run.sums[0], sqrt: null, js: null }];
		const record = await writeRun(folder, run.record, sums, run.windows);
		expect(await readSums(folder, record, 'all')).toMatchObject({ sqrt: null, js: null });
		expect(existsSync(join(folder, 'similarity', 'all.sqrt'))).toBe(false);
	});
	it('is never written over', async () => {
		await mkdir(folder, { recursive: true });
		await expect(write(folder)).rejects.toThrow(
			`${folder}: exists already; name a folder that does not`
		);
		await expect(checkTarget(folder)).rejects.toThrow('exists already');
		await expect(checkTarget(join(home, 'new'))).resolves.toBeUndefined();
	});
});

describe('a write that fails', () => {
	it.each(['similarity/all.null', 'windows.json', 'run.json'])(
		'at %s on a full disk says what is needed and leaves nothing',
		async (file) => {
			disk.failing = file;
			disk.code = 'ENOSPC';
			await expect(write(folder)).rejects.toThrow(
				/the disk is full; the run needs [\d.]+ k?B, [\d.]+ [kMGT]B are free: free some, or write elsewhere with --home or --out$/
			);
			expect(await readdir(join(home, 'runs'))).toEqual([]);
		}
	);
	it('at a limit on the size of files says so and leaves nothing', async () => {
		Object.assign(disk, { failing: 'run.json', code: 'EFBIG' });
		await expect(write(folder)).rejects.toThrow(
			`${folder}: a file of the run is larger than may be written there (EFBIG)`
		);
		expect(await readdir(join(home, 'runs'))).toEqual([]);
	});
	it('for want of permission says so', async () => {
		Object.assign(disk, { failing: 'run.json', code: 'EACCES' });
		await expect(write(folder)).rejects.toThrow(
			`${folder}: may not be written (EACCES); allowed: a folder you can write to`
		);
	});
	it('under a file says that it is no folder', async () => {
		await writeFile(join(home, 'file'), '');
		await expect(write(join(home, 'file', 'run'))).rejects.toThrow(
			'a parent of this path is not a directory (ENOTDIR)'
		);
	});
	it('for a reason of our own keeps its error', async () => {
		Object.assign(disk, { failing: 'run.json', code: 'EIO' });
		await expect(write(folder)).rejects.toMatchObject({ name: 'Error', code: 'EIO' });
		expect(await readdir(join(home, 'runs'))).toEqual([]);
	});
});

describe('readRun refuses', () => {
	async function edit(change: object): Promise<void> {
		const record = await write(folder);
		await writeFile(join(folder, 'run.json'), JSON.stringify({ ...record, ...change }));
	}
	it('a folder without run.json', async () => {
		await mkdir(folder, { recursive: true });
		await expect(readRun(folder)).rejects.toThrow("run.json: missing; expected a run's folder");
	});
	it('a newer version', async () => {
		await edit({ version: 2, status: 'something new' });
		await expect(readRun(folder)).rejects.toThrow(
			/run\.json: run version 2; this is Spanwise \S+, which reads version 1: update Spanwise$/
		);
	});
	it('another file called run.json', async () => {
		await edit({ format: 'other' });
		await expect(readRun(folder)).rejects.toThrow('not a run; expected format "spanwise/run"');
		await writeFile(join(folder, 'run.json'), '{');
		await expect(readRun(folder)).rejects.toThrow('run.json: not JSON');
	});
	it('a field of the wrong type, by name', async () => {
		await edit({ tokens: 'many' });
		await expect(readRun(folder)).rejects.toThrow(
			'run.json: tokens: found "many"; expected number'
		);
	});
	it('a file that is missing, by name', async () => {
		await write(folder);
		await rm(join(folder, 'similarity', 'all.js'));
		await expect(readRun(folder)).rejects.toThrow('all.js: missing; run.json names it');
	});
	it('a file that is short, by name', async () => {
		await write(folder);
		await truncate(join(folder, 'similarity', 'all.gram'), 280);
		await expect(readRun(folder)).rejects.toThrow('all.gram: 280 bytes; expected 288');
	});
	it('a shape that does not follow from the model', async () => {
		await edit({ files: { 'similarity/all.gram': { dtype: 'float64', shape: [5, 5] } } });
		await expect(readRun(folder)).rejects.toThrow('similarity/all.gram is [5, 5]; expected [6, 6]');
	});
	it('a view that was not part of the run', async () => {
		const record: RunRecord = await write(folder);
		await expect(readSums(folder, record, 'no-sink')).rejects.toThrow(
			`view no-sink: not part of run ${id}; it has all`
		);
	});
});

describe('the runs of a workspace', () => {
	it('are listed newest first, bad folders after them with the reason', async () => {
		await write(folder);
		const newer = { ...run.record, createdAt: '2026-11-24T00:00:00.000Z' };
		await writeRun(join(home, 'runs', 'newer'), newer, run.sums, run.windows);
		await mkdir(join(home, 'runs', 'bad'));
		await mkdir(join(home, 'runs', '.partial-x'));
		await writeFile(join(home, 'runs', 'note.txt'), '');
		const listed = await listRuns(home);
		expect(listed.map((entry) => entry.id)).toEqual(['newer', id, 'bad']);
		expect(listed[1].record?.loss).toBe(3.5);
		expect(listed[2]).toMatchObject({ record: null, folder: join(home, 'runs', 'bad') });
		expect(listed[2].problem).toContain('run.json: missing');
	});
	it('are none where there is no workspace', async () => {
		expect(await listRuns(join(home, 'nowhere'))).toEqual([]);
		expect(await runShelf(join(home, 'nowhere')).clearPartials()).toBe(0);
	});
	it('are found by id, then by path', async () => {
		await write(folder);
		expect(await resolveRun(id, home)).toBe(folder);
		expect(await resolveRun(folder, '/nowhere')).toBe(folder);
		await expect(resolveRun('nothing', home)).rejects.toThrow(
			`run nothing: not found; allowed: a run's folder, or an id in ${join(home, 'runs')}`
		);
	});
	it('are deleted by id, whole', async () => {
		await write(folder);
		await runShelf(home).delete(id);
		expect(await readdir(join(home, 'runs'))).toEqual([]);
		await expect(runShelf(home).delete(id)).rejects.toThrow(`run ${id}: not found`);
	});
	it.each(['..', '../other', '.', '', '/etc', 'a/b', 'a\\b', '.partial-x'])(
		'are never deleted by a path: %j',
		async (name) => {
			await write(folder);
			await expect(runShelf(home).delete(name)).rejects.toThrow('not an id');
			expect(existsSync(folder)).toBe(true);
		}
	);
	it('lose what was left unfinished, and nothing else', async () => {
		await write(folder);
		await mkdir(join(home, 'runs', '.partial-x', 'similarity'), { recursive: true });
		expect(await runShelf(home).clearPartials()).toBe(1);
		expect(await readdir(join(home, 'runs'))).toEqual([id]);
	});
});

describe('a workspace and its processes', () => {
	it('keeps what a living process is writing, and clears what a dead one left', async () => {
		const living = join(home, 'runs', `.partial-a-${process.ppid}-0123abcd`);
		const dead = join(home, 'runs', '.partial-b-999999999-0123abcd');
		await mkdir(living, { recursive: true });
		await mkdir(dead, { recursive: true });
		expect(await runShelf(home).clearPartials()).toBe(1);
		expect(await readdir(join(home, 'runs'))).toEqual([basename(living)]);
	});
});

describe('the place of a run to come', () => {
	it('is made ready', async () => {
		await readyTarget(join(home, 'deep', 'runs', 'x'), 10);
		expect(await readdir(join(home, 'deep'))).toEqual(['runs']);
	});
	it('is refused with numbers where the disk has no room', async () => {
		await expect(readyTarget(join(home, 'x'), 1e18)).rejects.toThrow(
			/the disk is full; the run needs 1\.00 EB, .* are free/
		);
	});
});
