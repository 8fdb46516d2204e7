import { InputError } from '../errors.ts';
import { matchHeads } from './match.ts';
import type { Metric, ViewSums } from './types.ts';

/**
 * Similarity of every pair of layers, [L, L] row-major, diagonal exactly 1, never NaN; a layer whose
 * sums are 0 (it attends to nothing in this view) has similarity 0 to every other, by `js` 1 − √½, because rows of
 * zeros are ½ ln 2 from any others. All but `cosine-matched` are symmetric: the upper triangle is read and mirrored.
 *
 * With G the Gram sums, N_l = Σ_h G[(l,h),(l,h)] and M_l = Σ_hg G[(l,h),(l,g)]:
 * - cosine: Σ_h G[(l,h),(m,h)] / √(N_l·N_m)
 * - cosine-mean: Σ_hg G[(l,h),(m,g)] / √(M_l·M_m)
 * - cosine-matched, l source, m follower, a(h) the head of l most like head h of m:
 *   Σ_h G[(l,a(h)),(m,h)] / √(Σ_h G[(l,a(h)),(l,a(h))] · N_m); a head used twice counts twice
 * - hellinger: 1 − √(1 − BC), BC the cosine formula on the Gram sums of √P
 * - js: 1 − √(JS/ln 2), JS the mean divergence in nats over heads and sampled queries
 *
 * Throws InputError where the sums this metric is read from were not collected.
 */
export function similarityMatrix(sums: ViewSums, metric: Metric): Float64Array {
	const { layers } = sums;
	if (metric === 'cosine-matched') return matchedMatrix(sums);
	const matrix = new Float64Array(layers * layers);
	const entry = entryOf(sums, metric);
	for (let l = 0; l < layers; l++) {
		matrix[l * layers + l] = 1;
		for (let m = l + 1; m < layers; m++)
			matrix[l * layers + m] = matrix[m * layers + l] = entry(l, m);
	}
	return matrix;
}

/**
 * Similarity of single heads, [H, H]: rows are the heads of layer l, columns those of layer m.
 * For `cosine` the cosine of two heads' maps, for `hellinger` 1 − √(1 − BC) of them.
 */
export function headBlock(sums: ViewSums, metric: Metric, l: number, m: number): Float64Array {
	if (metric !== 'cosine' && metric !== 'hellinger')
		throw new InputError(`heads of metric ${metric}: not defined; allowed: cosine, hellinger`);
	checkLayer(sums, l);
	checkLayer(sums, m);
	const gram = metric === 'cosine' ? gramOf(sums, metric) : sqrtOf(sums, metric);
	const { heads } = sums;
	const rows = sums.layers * heads;
	const block = new Float64Array(heads * heads);
	for (let h = 0; h < heads; h++)
		for (let g = 0; g < heads; g++) {
			const [a, b] = [l * heads + h, m * heads + g];
			const value = ratio(gramEntry(gram, rows, a, b), gram[a * rows + a], gram[b * rows + b]);
			const similarity = metric === 'cosine' ? value : hellinger(value);
			block[h * heads + g] = a === b ? 1 : similarity;
		}
	return block;
}

/** Per head of the follower m, the head of the source l most like it by cosine; ties to the lowest head. */
export function headMatch(sums: ViewSums, l: number, m: number): number[] {
	checkLayer(sums, l);
	checkLayer(sums, m);
	return matchHeads(gramOf(sums, 'cosine-matched'), sums.layers, sums.heads, l, m);
}

/** The Gram sums, or an InputError saying that `metric` was not part of the run. */
export function gramOf(sums: ViewSums, metric: Metric): Float64Array {
	return sums.gram ?? missing(sums, metric);
}

/** dot / √(aa·bb), at most 1 (against rounding only); 0 where either norm is 0. */
export function ratio(dot: number, aa: number, bb: number): number {
	const norm = Math.sqrt(aa) * Math.sqrt(bb);
	return norm > 0 ? Math.min(1, dot / norm) : 0;
}

/** Entry of a Gram matrix, read from its upper triangle, so that both orders give the same number. */
export function gramEntry(gram: Float64Array, rows: number, a: number, b: number): number {
	return a <= b ? gram[a * rows + b] : gram[b * rows + a];
}

/** Σ_h G[(l,h),(m,h)] */
export function sameHeadSum(
	gram: Float64Array,
	layers: number,
	heads: number,
	l: number,
	m: number
) {
	const rows = layers * heads;
	let sum = 0;
	for (let h = 0; h < heads; h++) sum += gramEntry(gram, rows, l * heads + h, m * heads + h);
	return sum;
}

/** Σ_hg G[(l,h),(m,g)] */
export function allHeadsSum(
	gram: Float64Array,
	layers: number,
	heads: number,
	l: number,
	m: number
) {
	const rows = layers * heads;
	let sum = 0;
	for (let h = 0; h < heads; h++)
		for (let g = 0; g < heads; g++) sum += gramEntry(gram, rows, l * heads + h, m * heads + g);
	return sum;
}

function entryOf(
	sums: ViewSums,
	metric: Exclude<Metric, 'cosine-matched'>
): (l: number, m: number) => number {
	const { layers, heads } = sums;
	if (metric === 'js') return jsEntry(sums);
	const gram = metric === 'hellinger' ? sqrtOf(sums, metric) : gramOf(sums, metric);
	const headSum = metric === 'cosine-mean' ? allHeadsSum : sameHeadSum;
	const norms = Array.from({ length: layers }, (_, l) => headSum(gram, layers, heads, l, l));
	const cosine = (l: number, m: number) =>
		ratio(headSum(gram, layers, heads, l, m), norms[l], norms[m]);
	return metric === 'hellinger' ? (l, m) => hellinger(cosine(l, m)) : cosine;
}

/** 1 − √(1 − BC), BC clamped to [0, 1]. */
function hellinger(coefficient: number): number {
	return 1 - Math.sqrt(1 - Math.max(0, coefficient));
}

function jsEntry(sums: ViewSums): (l: number, m: number) => number {
	const js = sums.js ?? missing(sums, 'js');
	const { layers } = sums;
	return (l, m) => {
		const rows = js[layers * layers + l * layers + m];
		if (!(rows > 0)) return 0;
		const fraction = js[l * layers + m] / rows / Math.LN2;
		return 1 - Math.sqrt(Math.min(1, Math.max(0, fraction)));
	};
}

function matchedMatrix(sums: ViewSums): Float64Array {
	const { layers, heads } = sums;
	const gram = gramOf(sums, 'cosine-matched');
	const rows = layers * heads;
	const matrix = new Float64Array(layers * layers);
	for (let l = 0; l < layers; l++)
		for (let m = 0; m < layers; m++) {
			let [dot, source, follower] = [0, 0, 0];
			matchHeads(gram, layers, heads, l, m).forEach((g, h) => {
				const [a, b] = [l * heads + g, m * heads + h];
				dot += gramEntry(gram, rows, a, b);
				source += gram[a * rows + a];
				follower += gram[b * rows + b];
			});
			matrix[l * layers + m] = l === m ? 1 : ratio(dot, source, follower);
		}
	return matrix;
}

function sqrtOf(sums: ViewSums, metric: Metric): Float64Array {
	return sums.sqrt ?? missing(sums, metric);
}

function missing(sums: ViewSums, metric: Metric): never {
	throw new InputError(`metric ${metric}, view ${sums.view}: not part of this run`);
}

function checkLayer(sums: ViewSums, layer: number): void {
	if (!Number.isInteger(layer) || layer < 0 || layer >= sums.layers)
		throw new InputError(`layer ${layer}: not in the model; allowed: 0 to ${sums.layers - 1}`);
}
