import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { writeFakeWorker } from '../../../tests/builders/fakeWorker.ts';
import { AttentionMaker } from './attention.ts';

let folder: string;
let maker: AttentionMaker;

beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), 'spanwise-attention-'));
	maker = new AttentionMaker(writeFakeWorker(folder));
});

afterEach(() => {
	maker.stop();
	rmSync(folder, { recursive: true, force: true });
});

const starts = () => readFileSync(join(folder, 'starts'), 'utf8').trim().split('\n');
const there = new AbortController().signal;
const task = (modelFolder: string) => ({
	modelFolder,
	modelHash: 'a1',
	home: folder,
	ids: [1, 2, 3],
	layers: [0, 1],
	torch: null
});

test('equal requests share one process, and later ones need none', async () => {
	const both = await Promise.all([
		maker.get('run 0 0,1', task('done'), there),
		maker.get('run 0 0,1', task('done'), there)
	]);
	expect(both[0]).toBe(both[1]);
	expect(both[0].shape).toEqual([2, 1, 3, 3]);
	expect(both[0].data).toEqual(new Float32Array(18).fill(0.5));
	expect(await maker.get('run 0 0,1', task('done'), there)).toBe(both[0]);
	expect(starts()).toHaveLength(1);
});

test('when the last one who waits is gone the process ends, and the next in line runs', async () => {
	const gone = [new AbortController(), new AbortController()];
	const waiting = gone.map(({ signal }) => maker.get('a', task('hang'), signal));
	const refused = Promise.allSettled(waiting);
	const next = maker.get('b', task('done'), there);
	await vi.waitFor(() => expect(starts()).toHaveLength(1), { timeout: 5000 });
	gone[0].abort();
	expect(starts()).toHaveLength(1);
	gone[1].abort();
	expect((await refused).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
	expect((await next).shape).toEqual([2, 1, 3, 3]);
});

test('a failure is told and not remembered', async () => {
	await expect(maker.get('a', task('refuse'), there)).rejects.toThrow('text a.txt: too short');
	expect((await maker.get('a', task('done'), there)).shape).toEqual([2, 1, 3, 3]);
});
