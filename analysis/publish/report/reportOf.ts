import { createHash } from 'node:crypto';
import { isInputError } from '../../errors.ts';
import { fromFigures } from '../../measure/results/fromFigures.ts';
import { listResults, readResult } from '../../measure/results/folder.ts';
import type { Plan } from '../../plan/types.ts';
import { planMatches } from '../../plan/planFile.ts';
import { similarityOf } from '../../similarity/similarity.ts';
import type { Similarity } from '../../similarity/types.ts';
import { readLabels } from '../../workspace/labels/files.ts';
import { readSums } from '../../workspace/run/read.ts';
import { reportHtml } from './report.ts';
import type { RunSource } from '../source.ts';

/**
 * The report of a run, one HTML document, with the measurements of the same weights that the workspace holds, and what both are called there. `plan`: the
 * one that it is about first; null: as measured. Throws InputError where the run cannot be read or the plan does not fit.
 */
export async function reportOf(source: RunSource, plan: Plan | null): Promise<string> {
	const { folder, record: run, home } = source;
	if (plan !== null) planMatches(plan, run.model);
	const documents = run.windows.map(({ document }) => document);
	const similarities: Similarity[] = [];
	for (const view of run.views) {
		const sums = await readSums(folder, run, view);
		similarities.push(...run.metrics.map((metric) => similarityOf(sums, metric, documents)));
	}
	const listed = await listResults(home);
	const summaries = listed.flatMap(({ summary }) =>
		summary?.model.hash === run.model.hash ? [summary] : []
	);
	const { labels } = await readLabels(home);
	const results = await Promise.all(summaries.map(({ id }) => readResult(home, id)));
	try {
		return reportHtml({ run, similarities, results, summaries, labels, plan }, policyHash);
	} catch (error) {
		if (isInputError(error)) throw error;
		for (const stored of results) {
			const alone = { run, similarities, results: [stored], summaries, labels, plan: null };
			fromFigures(stored.id, () => reportHtml(alone, policyHash));
		}
		throw error;
	}
}

function policyHash(script: string): string {
	return `sha256-${createHash('sha256').update(script).digest('base64')}`;
}
