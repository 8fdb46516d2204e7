import { sumsFor } from '../../analysis/similarity/sums.ts';
import { emptySums } from './sums.ts';
import { METRICS, type View, type ViewSums } from '../../analysis/similarity/types.ts';

/** Causal attention of one window: [layer][head] → S·S probabilities, row-major. */
export type AttentionMaps = Float64Array[][];

/** Numbers in [0, 1), the same for the same seed. */
export function seeded(seed: number): () => number {
	let state = seed;
	return () => {
		state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
		return state / 2 ** 32;
	};
}

/** Softmax of random scores over the causal keys; rows sum to 1. */
export function randomMaps(
	layers: number,
	heads: number,
	tokens: number,
	random: () => number
): AttentionMaps {
	return Array.from({ length: layers }, () =>
		Array.from({ length: heads }, () => {
			const map = new Float64Array(tokens * tokens);
			for (let i = 0; i < tokens; i++) {
				const weights = Array.from({ length: i + 1 }, () => Math.exp(4 * random()));
				const sum = weights.reduce((total, weight) => total + weight, 0);
				weights.forEach((weight, j) => (map[i * tokens + j] = weight / sum));
			}
			return map;
		})
	);
}

/** All sums of some windows, worked out the plain way; for the js metric every query is looked at. */
export function sumsOfMaps(windows: AttentionMaps[], view: View = 'all'): ViewSums {
	const [layers, heads] = [windows[0].length, windows[0][0].length];
	const rows = layers * heads;
	const gram = new Float64Array(rows * rows);
	const sqrt = new Float64Array(rows * rows);
	const across = new Float64Array(rows * rows);
	const perWindow = new Float64Array(windows.length * 2 * layers * layers);
	const js = new Float64Array(2 * layers * layers);
	const roots = windows.map((maps) => maps.map((layer) => layer.map((map) => map.map(Math.sqrt))));
	windows.forEach((maps, w) => {
		for (let a = 0; a < rows; a++)
			for (let b = 0; b < rows; b++) {
				const [l, m] = [Math.floor(a / heads), Math.floor(b / heads)];
				const [p, q] = [maps[l][a % heads], maps[m][b % heads]];
				const product = dot(p, q);
				gram[a * rows + b] += product;
				sqrt[a * rows + b] += dot(roots[w][l][a % heads], roots[w][m][b % heads]);
				for (const other of windows) across[a * rows + b] += dot(p, other[m][b % heads]);
				const cell = l * layers + m;
				if (a % heads === b % heads) {
					perWindow[w * 2 * layers * layers + cell] += product;
					js[cell] += divergence(p, q);
					js[layers * layers + cell] += Math.sqrt(p.length);
				}
				perWindow[(w * 2 + 1) * layers * layers + cell] += product;
			}
	});
	return {
		...emptySums(view, layers, heads, sumsFor(METRICS)),
		windowCount: windows.length,
		gram,
		sqrt,
		null: windows.length > 1 ? across : null,
		windows: perWindow,
		js
	};
}

export function dot(p: Float64Array, q: Float64Array): number {
	let sum = 0;
	for (let i = 0; i < p.length; i++) sum += p[i] * q[i];
	return sum;
}

/** Jensen–Shannon divergence in nats, summed over the rows of two maps. */
function divergence(p: Float64Array, q: Float64Array): number {
	const term = (x: number, mean: number) => (x > 0 ? x * Math.log(x / mean) : 0);
	return p.reduce((sum, x, i) => {
		const mean = (x + q[i]) / 2;
		return sum + (term(x, mean) + term(q[i], mean)) / 2;
	}, 0);
}
