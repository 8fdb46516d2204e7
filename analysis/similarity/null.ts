import { matchHeads } from './match.ts';
import { allHeadsSum, gramEntry, gramOf, ratio, sameHeadSum } from './measure.ts';
import { nullPairs } from './sums.ts';
import type { Metric, ViewSums } from './types.ts';

/**
 * The same cosine between layer l on one window and layer m on another, over all pairs of windows:
 * null = (⟨S_l, S_m⟩ − G_lm) / ((N − 1)·√(G_ll·G_mm)), S_l = Σ_windows P_l; of shards ⟨S_l, S_m⟩ is summed over them, and
 * N·(N − 1) becomes the pairs within them. What position and the first
 * token alone make alike. [L, L]; the diagonal is a layer with itself on another text, so not 1.
 * `cosine-matched` takes the heads that were matched on the same text. null where there is none:
 * for hellinger and js, with one window, or where it was not collected.
 */
export function nullMatrix(sums: ViewSums, metric: Metric): Float64Array | null {
	const { layers, heads, windowCount } = sums;
	const pairs = nullPairs(sums);
	if (!metric.startsWith('cosine') || pairs === 0 || sums.null === null) return null;
	const gram = gramOf(sums, metric);
	const across = sums.null;
	const matrix = new Float64Array(layers * layers);
	const perPair = windowCount / pairs;

	if (metric === 'cosine-matched') {
		const rows = layers * heads;
		for (let l = 0; l < layers; l++)
			for (let m = 0; m < layers; m++) {
				let [dot, source, follower] = [0, 0, 0];
				matchHeads(gram, layers, heads, l, m).forEach((g, h) => {
					const [a, b] = [l * heads + g, m * heads + h];
					dot += gramEntry(across, rows, a, b) - gramEntry(gram, rows, a, b);
					source += gram[a * rows + a];
					follower += gram[b * rows + b];
				});
				matrix[l * layers + m] = ratio(dot * perPair, source, follower);
			}
		return matrix;
	}

	const headSum = metric === 'cosine-mean' ? allHeadsSum : sameHeadSum;
	const norms = Array.from({ length: layers }, (_, l) => headSum(gram, layers, heads, l, l));
	for (let l = 0; l < layers; l++)
		for (let m = l; m < layers; m++) {
			const dot = headSum(across, layers, heads, l, m) - headSum(gram, layers, heads, l, m);
			matrix[l * layers + m] = matrix[m * layers + l] = ratio(dot * perPair, norms[l], norms[m]);
		}
	return matrix;
}

/** Below this headroom above the null, rounding is all that is left to see. */
const LEAST_HEADROOM = 1e-9;

/**
 * Computes the excess of a similarity over its null, as a fraction of the highest possible: (s − n) / (1 − n). 0 where
 * the null is already 1. Negative where two layers are less alike than on different texts.
 */
export function excess(similarity: number, nullValue: number): number {
	const headroom = 1 - nullValue;
	return headroom < LEAST_HEADROOM ? 0 : (similarity - nullValue) / headroom;
}

/** `excess` of every cell. */
export function excessMatrix(matrix: Float64Array, nulls: Float64Array): Float64Array {
	return matrix.map((similarity, i) => excess(similarity, nulls[i]));
}
