import { InputError } from '../errors.ts';
import { listResults, readResult } from '../measure/results/folder.ts';
import type { ResultKind, StoredResult } from '../measure/results/types.ts';
import { similarityOf } from '../similarity/similarity.ts';
import type { Metric, Similarity, View } from '../similarity/types.ts';
import { readSums } from '../workspace/run/read.ts';
import type { RunRecord } from '../workspace/run/types.ts';

/** A run, and the workspace that may hold results of its model. */
export interface RunSource {
	folder: string;
	record: RunRecord;
	home: string;
}

/** Similarity of every two layers of a run. */
export async function similarityFor(
	{ folder, record }: Pick<RunSource, 'folder' | 'record'>,
	metric: Metric,
	view: View
): Promise<Similarity> {
	const sums = await readSums(folder, record, view);
	return similarityOf(
		sums,
		metric,
		record.windows.map(({ document }) => document)
	);
}

/** Stored results of the run's model, newest first: of the same weights. */
export async function resultsFor(
	{ record, home }: RunSource,
	kind: ResultKind
): Promise<StoredResult[]> {
	const listed = await listResults(home);
	const ids = listed.flatMap(({ summary }) =>
		summary?.kind === kind && summary.model.hash === record.model.hash ? [summary.id] : []
	);
	return Promise.all(ids.map((id) => readResult(home, id)));
}

/** The result that `id` names, or the newest of the kind. Throws InputError where there is none. */
export async function resultFor(
	source: RunSource,
	kind: ResultKind,
	id?: string
): Promise<StoredResult> {
	const { record, home } = source;
	if (id !== undefined) {
		const named = await readResult(home, id);
		if (named.result.kind === kind) return named;
		throw new InputError(`--result ${id}: found ${named.result.kind}; expected ${kind}`);
	}
	const found = (await resultsFor(source, kind)).at(0);
	if (found !== undefined) return found;
	throw new InputError(
		`${record.model.name}: no ${kind} of this model in ${home}; measure it first: spanwise ${kind} ${record.model.name} --text FILE`
	);
}
