import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { progressHeader, readResults, type CaseResult } from '../lossFile.ts';
import { damageSoFar } from './soFar.ts';

const OF = { slidingWindows: [null, null, 8], windows: 2, maxSpan: 3 };
const result = (window: number, name: string, loss: number): CaseResult => ({
	window,
	case: name,
	loss
});
const NOTHING = { loss: null, low: null, high: null };

describe('the damage so far', () => {
	it('is the mean over the windows that a case was run on; null where it was run on none', () => {
		const { drops, pairs, results } = damageSoFar(OF, [
			result(0, 'baseline', 3),
			result(0, 'drop 0', 3.5),
			result(0, 'drop 1', 3.25),
			{ ...result(0, 'share 0 with 1', 3.125), squares: [1, 4] },
			result(1, 'baseline', 2),
			result(1, 'drop 0', 3.5)
		]);
		expect(drops).toEqual([
			{ layer: 0, ...NOTHING, loss: 1 }, // of 0.5 and 1.5
			{ layer: 1, ...NOTHING, loss: 0.25 },
			{ layer: 2, ...NOTHING }
		]);
		expect(pairs).toEqual([
			{ source: 0, follower: 1, ...NOTHING, loss: 0.125, output: 0.5 }, // 1 − √(1 / 4)
			{ source: 0, follower: 2, ...NOTHING, output: null },
			{ source: 1, follower: 2, ...NOTHING, output: null }
		]);
		// Of each window the baseline, three drops and the one pair of layers with the same sliding window.
		expect(results).toEqual({ found: 6, all: 10 });
	});
	it('has no cells before the first result', () => {
		const { drops, pairs } = damageSoFar(OF, []);
		expect([...drops, ...pairs].filter(({ loss }) => loss !== null)).toEqual([]);
	});
});

describe('a progress file that is being written', () => {
	it('is read up to its last whole line, and is empty before it is there', async () => {
		const home = await mkdtemp(join(tmpdir(), 'spanwise-so-far-'));
		onTestFinished(() => rm(home, { recursive: true }));
		const path = join(home, 'a.jsonl');
		expect(await readResults(path)).toEqual([]);
		const header = progressHeader({ model: 'a', texts: [], context: 8, windows: 2, maxSpan: 3 });
		await writeFile(path, `${JSON.stringify(header)}\n`);
		expect(await readResults(path)).toEqual([]);
		await appendFile(path, `${JSON.stringify(result(0, 'baseline', 3))}\n{"window":0,"ca`);
		expect(await readResults(path)).toEqual([result(0, 'baseline', 3)]);
	});
	it('is refused where its first line is no header', async () => {
		const home = await mkdtemp(join(tmpdir(), 'spanwise-so-far-'));
		onTestFinished(() => rm(home, { recursive: true }));
		const path = join(home, 'a.jsonl');
		await writeFile(path, `{"format":"other"}\n${JSON.stringify(result(0, 'baseline', 3))}\n`);
		await expect(readResults(path)).rejects.toThrow(`progress file ${path}: not one of spanwise`);
	});
});
