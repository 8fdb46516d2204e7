import { excessMatrix } from '$analysis/similarity/null.ts';
import {
	rankAgreement,
	type LayerPair,
	type RankAgreement
} from '$analysis/similarity/rankAgreement.ts';
import type { Metric, Similarity, View } from '$analysis/similarity/types.ts';
import type { DamageTables } from '$analysis/publish/damageTables.ts';

/** Measures of pairs compared with damage: the similarity itself, its excess over the null, and `output`. */
export const MEASURES_OF_PAIRS = ['similarity', 'excess', 'output'] as const;
export type PairMeasure = (typeof MEASURES_OF_PAIRS)[number];

/** Agreement between the ranking of pairs by one measure and by measured damage. */
export interface AgreementRow extends RankAgreement {
	measure: PairMeasure;
	/** null: `output`, which has neither. */
	metric: Metric | null;
	view: View | null;
}

/** [L, L] of a measure; null where it is not there. NaN where a pair has none. */
export function measureMatrix(
	measure: PairMeasure,
	similarity: Similarity | null,
	tables: DamageTables
): Float64Array | null {
	if (measure === 'output') return outputs(tables);
	if (similarity === null) return null;
	if (measure === 'similarity') return similarity.matrix;
	return similarity.null && excessMatrix(similarity.matrix, similarity.null);
}

/** Every pair that has both: x the measure, y the loss increase. */
export function layerPairs(matrix: Float64Array, { layers, pairs }: DamageTables): LayerPair[] {
	return pairs.flatMap((pair) => {
		if (pair === null || pair.loss === null) return [];
		const { source, follower, loss } = pair;
		const x = matrix[source * layers + follower];
		return Number.isNaN(x) ? [] : [{ source, follower, x, y: loss }];
	});
}

/** Rows of one similarity: itself, and its excess where it has a null. */
export function agreementRows(similarity: Similarity, tables: DamageTables): AgreementRow[] {
	const { metric, view } = similarity;
	return (['similarity', 'excess'] as const).flatMap((measure) => {
		const matrix = measureMatrix(measure, similarity, tables);
		if (matrix === null) return [];
		return [{ measure, metric, view, ...rankAgreement(layerPairs(matrix, tables)) }];
	});
}

/** The row of `output`. */
export function outputRow(tables: DamageTables): AgreementRow {
	const agreement = rankAgreement(layerPairs(outputs(tables), tables));
	return { measure: 'output', metric: null, view: null, ...agreement };
}

function outputs({ pairs }: DamageTables): Float64Array {
	return Float64Array.from(pairs, (pair) => pair?.output ?? NaN);
}
