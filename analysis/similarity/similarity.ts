import { cellIntervals } from './interval.ts';
import { similarityMatrix } from './measure.ts';
import { nullMatrix } from './null.ts';
import type { Metric, Similarity, ViewSums } from './types.ts';

/**
 * Everything that is shown of one metric: the matrix, its null and its intervals where they exist.
 * `documents` holds the document of each window of the run. Throws InputError where the metric was
 * not part of the run.
 */
export function similarityOf(
	sums: ViewSums,
	metric: Metric,
	documents: readonly number[]
): Similarity {
	const intervals = cellIntervals(sums, metric, documents);
	return {
		metric,
		view: sums.view,
		layers: sums.layers,
		matrix: similarityMatrix(sums, metric),
		null: nullMatrix(sums, metric),
		low: intervals?.low ?? null,
		high: intervals?.high ?? null,
		interval: intervals?.over ?? null
	};
}
