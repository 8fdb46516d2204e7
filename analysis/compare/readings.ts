/** Figures that pages read from the sums of runs, which may be hundreds of megabytes. */
import { headBlock } from '../similarity/measure.ts';
import { similarityOf } from '../similarity/similarity.ts';
import type { Metric, Similarity, View } from '../similarity/types.ts';
import { readRun, readSums } from '../workspace/run/read.ts';
import type { RunRecord } from '../workspace/run/types.ts';
import { compareRuns } from './compareRuns.ts';
import type { Comparison } from './types.ts';

/** A metric of one view of a run, by the run's folder. */
export interface Reading {
	folder: string;
	metric: Metric;
	view: View;
}

/** Similarity of all layers, with null and intervals. Throws InputError where the run cannot be read. */
export async function readSimilarity({ folder, metric, view }: Reading): Promise<Similarity> {
	const record = await readRun(folder);
	const sums = await readSums(folder, record, view);
	const documents = record.windows.map(({ document }) => document);
	return similarityOf(sums, metric, documents);
}

/** Similarity of the heads of two layers, [H, H]: rows are the heads of `from`, columns those of `to`. Throws likewise. */
export async function readHeads({
	folder,
	metric,
	view,
	from,
	to
}: Reading & { from: number; to: number }): Promise<Float64Array> {
	const sums = await readSums(folder, await readRun(folder), view);
	return headBlock(sums, metric, from, to);
}

/** Runs beside each other; each is called `id`, whatever its run.json says. */
export interface ComparedRuns extends Omit<Reading, 'folder'> {
	runs: { id: string; folder: string }[];
}

/** A comparison of runs, and their records in order. Throws InputError where they cannot be read or compared. */
export async function readComparison({
	runs,
	metric,
	view
}: ComparedRuns): Promise<{ comparison: Comparison; records: RunRecord[] }> {
	const inputs = await Promise.all(
		runs.map(async ({ id, folder }) => {
			const record = { ...(await readRun(folder)), id };
			return { record, sums: await readSums(folder, record, view) };
		})
	);
	const comparison = compareRuns(inputs, { metric, view });
	return { comparison, records: inputs.map(({ record }) => record) };
}
