import { roundedRows } from '$analysis/text/csv.ts';
import type { Similarity } from '$analysis/similarity/types.ts';
import type { SimilarityAnswer } from '$lib/client/api.ts';

export function similarityAnswer(similarity: Similarity): SimilarityAnswer {
	const { metric, view, layers, interval } = similarity;
	const rows = (matrix: Float64Array | null) => (matrix ? roundedRows(matrix, layers) : null);
	return {
		metric,
		view,
		matrix: roundedRows(similarity.matrix, layers),
		null: rows(similarity.null),
		low: rows(similarity.low),
		high: rows(similarity.high),
		interval
	};
}
