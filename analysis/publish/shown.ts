import { excessMatrix } from '../similarity/null.ts';
import type { Similarity } from '../similarity/types.ts';
import { extentOf, roundOut, similarityRange } from '../figure/range.ts';
import type { Shown } from '../similarity/shown.ts';

/** The [L, L] matrix that the map shows; null where this run, metric or text has none. */
export function shownMatrix(similarity: Similarity, show: Shown): Float64Array | null {
	const { matrix, low, high } = similarity;
	if (show === 'similarity') return matrix;
	if (show === 'null') return similarity.null;
	if (show === 'excess') return similarity.null && excessMatrix(matrix, similarity.null);
	return low && high && high.map((value, index) => value - low[index]);
}

/** Range of the colours for what is shown, from the data. */
export function shownRange(values: Float64Array, layers: number, show: Shown): [number, number] {
	if (show !== 'width') return similarityRange(values, layers);
	return roundOut([0, extentOf(values)?.[1] ?? 1]);
}

/** Says why something cannot be shown, and what would help; null: it can. */
export function absence(similarity: Similarity, show: Shown): string | null {
	if (shownMatrix(similarity, show) !== null) return null;
	if (show === 'width') return 'no interval: it takes two windows or more';
	return similarity.metric.startsWith('cosine')
		? 'no null: it compares one window with another, and this run has one'
		: `no null: it is defined for cosines, not for ${similarity.metric}`;
}
