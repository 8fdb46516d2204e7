import { existsSync, writeFileSync } from 'node:fs';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { partialWriter } from '../process/partial.ts';
import { withScratch } from './scratch.ts';

let home: string;
beforeAll(async () => {
	home = await mkdtemp(join(tmpdir(), 'spanwise-scratch-'));
});
afterAll(() => rm(home, { recursive: true }));

const space = (bytesNeeded = 0) => ({ home, id: 'tiny', bytesNeeded });
const left = () => readdir(join(home, 'results'));

describe('withScratch', () => {
	it('has a folder for what is in the making, and takes it away', async () => {
		const inside = await withScratch(space(), async (folder) => {
			await writeFile(join(folder, 'model.onnx'), 'weights');
			return left();
		});
		expect(inside).toEqual([expect.stringMatching(/^\.partial-tiny-.+-[0-9a-f]{8}$/)]);
		expect(partialWriter(inside[0])).toBe(process.pid);
		expect(await left()).toEqual([]);
	});

	it('takes it away where its use fails', async () => {
		const failing = withScratch(space(), () => Promise.reject(new Error('no')));
		await expect(failing).rejects.toThrow('no');
		expect(await left()).toEqual([]);
	});

	it('takes it away where the process exits meanwhile, and listens no longer than that', async () => {
		const before = process.listeners('exit');
		await withScratch(space(), (folder) => {
			writeFileSync(join(folder, 'model.onnx'), 'weights');
			const [remove] = process.listeners('exit').filter((listener) => !before.includes(listener));
			remove.call(process, 1);
			expect(existsSync(folder)).toBe(false);
			return Promise.resolve();
		});
		expect(process.listeners('exit')).toEqual(before);
	});

	it('refuses a disk with too little space, and a workspace that cannot be written', async () => {
		const use = () => Promise.reject(new Error('was used'));
		await expect(withScratch(space(1e18), use)).rejects.toThrow(
			/results\/tiny: the disk is full; the bench needs 1\.00 EB, [\d.]+ [MGT]B are free: free some, or write elsewhere with --home/
		);
		const file = join(home, 'a-file');
		await writeFile(file, '');
		await expect(withScratch({ ...space(), home: file }, use)).rejects.toThrow(
			'a parent of this path is not a directory'
		);
	});
});
