import { mkdtemp, rename, rm, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { similarityOf } from '$analysis/similarity/similarity.ts';
import { writeRun } from '$analysis/workspace/run/write.ts';
import { madeUpRun } from '../../../tests/builders/run.ts';
import { readerHere } from '../../../tests/builders/readerHere.ts';
import { RunCatalogue } from './runs.ts';

it('gives the similarity of the run that is there, not of one that stood in its place', async () => {
	const home = await mkdtemp(join(tmpdir(), 'spanwise-catalogue-'));
	onTestFinished(() => rm(home, { recursive: true }));
	const { record, sums, windows } = madeUpRun('a');
	const folder = join(home, 'runs', 'a');
	await writeRun(folder, record, sums, windows);
	const runs = new RunCatalogue(home, readerHere);
	const first = await runs.similarity('a', 'cosine', 'all');
	expect(await runs.similarity('a', 'cosine', 'all')).toBe(first);

	// Another run under the same name and as old, of other attention.
	const gram = sums[0].gram?.map((value, at) => (at % 7 === 0 ? value : value / 2)) ?? null;
	const other = [{ ...sums[0], gram }];
	await writeRun(join(home, 'other'), record, other, windows);
	await rename(folder, join(home, 'moved'));
	await rename(join(home, 'other'), folder);
	await utimes(join(folder, 'run.json'), 1e9, 1e9);
	const second = await runs.similarity('a', 'cosine', 'all');
	const documents = record.windows.map(({ document }) => document);
	expect(second).toEqual(similarityOf(other[0], 'cosine', documents));
	expect(second).not.toEqual(first);
});
