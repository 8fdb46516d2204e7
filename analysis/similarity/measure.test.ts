import { describe, expect, it } from 'vitest';
import {
	dot,
	randomMaps,
	seeded,
	sumsOfMaps,
	type AttentionMaps
} from '../../tests/builders/attention.ts';
import { headBlock, headMatch, similarityMatrix } from './measure.ts';
import { sumsFor } from './sums.ts';
import { emptySums } from '../../tests/builders/sums.ts';
import { METRICS } from './types.ts';

/** Two tokens; the second query is split over both keys in layer 0 and looks at itself in layer 1. */
const two: AttentionMaps = [[Float64Array.of(1, 0, 0.5, 0.5)], [Float64Array.of(1, 0, 0, 1)]];
const [L, H, S] = [4, 3, 6];
const random = seeded(7);
const windows = [randomMaps(L, H, S, random), randomMaps(L, H, S, random)];
const sums = sumsOfMaps(windows);

/** A layer's maps of every head and window in one vector. */
function flattened(layer: number, heads = [0, 1, 2]): Float64Array {
	return Float64Array.from(
		windows.flatMap((maps) => heads.flatMap((head) => [...maps[layer][head]]))
	);
}
function cosine(p: Float64Array, q: Float64Array): number {
	return dot(p, q) / Math.sqrt(dot(p, p) * dot(q, q));
}

describe('similarityMatrix, worked out by hand', () => {
	const small = sumsOfMaps([two]);
	it('cosine: 1.5 / √(1.5 · 2)', () => {
		expect(similarityMatrix(small, 'cosine')[1]).toBeCloseTo(0.8660254, 7);
	});
	it('cosine of one head is the same averaged and matched', () => {
		expect(similarityMatrix(small, 'cosine-mean')[1]).toBeCloseTo(0.8660254, 7);
		expect(similarityMatrix(small, 'cosine-matched')[1]).toBeCloseTo(0.8660254, 7);
	});
	it('hellinger: BC = (1 + √½) / 2, 1 − √(1 − BC)', () => {
		expect(similarityMatrix(small, 'hellinger')[1]).toBeCloseTo(0.6173166, 7);
	});
	it('js: divergences 0 and ½·(½ln2 + ½ln⅔ + ln4⁄3) of two rows', () => {
		const divergence = (0.5 * Math.log(2) + 0.5 * Math.log(2 / 3) + Math.log(4 / 3)) / 2;
		expect(divergence).toBeCloseTo(0.2157616, 7);
		expect(similarityMatrix(small, 'js')[1]).toBeCloseTo(
			1 - Math.sqrt(divergence / 2 / Math.log(2)),
			12
		);
	});
});

describe('similarityMatrix', () => {
	it('cosine is that of all heads flattened into one vector', () => {
		const matrix = similarityMatrix(sums, 'cosine');
		for (let l = 0; l < L; l++)
			for (let m = 0; m < L; m++)
				expect(matrix[l * L + m]).toBeCloseTo(cosine(flattened(l), flattened(m)), 12);
	});

	it('cosine-mean is that of the maps averaged over heads', () => {
		const averaged = (layer: number) =>
			[0, 1, 2]
				.map((head) => flattened(layer, [head]))
				.reduce((sum, map) => sum.map((value, i) => value + map[i]));
		const matrix = similarityMatrix(sums, 'cosine-mean');
		expect(matrix[1 * L + 3]).toBeCloseTo(cosine(averaged(1), averaged(3)), 12);
	});

	it('cosine-matched is the cosine of the follower with the matched heads of the source, repeats repeated', () => {
		const matrix = similarityMatrix(sums, 'cosine-matched');
		for (let l = 0; l < L; l++)
			for (let m = 0; m < L; m++) {
				const map = headMatch(sums, l, m);
				const source = windows.flatMap((maps) => map.flatMap((head) => [...maps[l][head]]));
				const expected = cosine(Float64Array.from(source), flattened(m));
				expect(matrix[l * L + m]).toBeCloseTo(expected, 12);
			}
	});

	it('cosine-matched is not symmetric', () => {
		const matrix = similarityMatrix(sums, 'cosine-matched');
		expect(matrix[0 * L + 1]).not.toBeCloseTo(matrix[1 * L + 0], 6);
	});

	it.each(METRICS)('%s has a diagonal of exactly 1 and stays within 0 and 1', (metric) => {
		const matrix = similarityMatrix(sums, metric);
		for (let l = 0; l < L; l++) expect(matrix[l * L + l]).toBe(1);
		expect(Math.min(...matrix)).toBeGreaterThanOrEqual(0);
		expect(Math.max(...matrix)).toBe(1);
	});

	it.each(METRICS.filter((metric) => metric !== 'cosine-matched'))(
		'%s is exactly symmetric',
		(metric) => {
			const matrix = similarityMatrix(sums, metric);
			for (let l = 0; l < L; l++)
				for (let m = 0; m < L; m++) expect(matrix[l * L + m]).toBe(matrix[m * L + l]);
		}
	);

	it.each(METRICS)(
		'%s is never NaN: a layer that attends to nothing is like no other',
		(metric) => {
			const empty = emptySums('no-sink', 2, 2, sumsFor(METRICS));
			expect([...similarityMatrix(empty, metric)]).toEqual([1, 0, 0, 1]);
		}
	);

	it.each(METRICS)('%s of equal layers is 1', (metric) => {
		const maps = randomMaps(1, 2, 5, random);
		const same = sumsOfMaps([[maps[0], maps[0]]]);
		expect(similarityMatrix(same, metric)[1]).toBeCloseTo(1, 6);
	});

	it('names the metric and view that a run does not have', () => {
		expect(() =>
			similarityMatrix(emptySums('no-sink', 2, 2, sumsFor(['js'])), 'hellinger')
		).toThrow('metric hellinger, view no-sink: not part of this run');
	});
});

describe('headBlock', () => {
	it('has the heads of the first layer as rows, those of the second as columns', () => {
		const block = headBlock(sums, 'cosine', 2, 1);
		expect(block[0 * H + 2]).toBeCloseTo(cosine(flattened(2, [0]), flattened(1, [2])), 12);
		expect(block[2 * H + 0]).toBeCloseTo(cosine(flattened(2, [2]), flattened(1, [0])), 12);
	});
	it('is the transpose for the layers exchanged', () => {
		const [block, other] = [headBlock(sums, 'hellinger', 0, 3), headBlock(sums, 'hellinger', 3, 0)];
		for (let h = 0; h < H; h++)
			for (let g = 0; g < H; g++) expect(block[h * H + g]).toBe(other[g * H + h]);
	});
	it('of a layer with itself is 1 on the diagonal', () => {
		const block = headBlock(sums, 'hellinger', 1, 1);
		expect([block[0], block[H + 1], block[2 * H + 2]]).toEqual([1, 1, 1]);
	});
	it('refuses metrics that have no heads, and layers that are not there', () => {
		expect(() => headBlock(sums, 'js', 0, 1)).toThrow(
			'heads of metric js: not defined; allowed: cosine, hellinger'
		);
		expect(() => headBlock(sums, 'cosine', 0, 4)).toThrow(
			'layer 4: not in the model; allowed: 0 to 3'
		);
	});
});

describe('headMatch', () => {
	it('finds each head of the follower where the source has it', () => {
		const [layer] = randomMaps(1, 3, 5, random);
		const turned = sumsOfMaps([[layer, [layer[2], layer[0], layer[0]]]]);
		expect(headMatch(turned, 0, 1)).toEqual([2, 0, 0]);
		expect(similarityMatrix(turned, 'cosine-matched')[1]).toBeCloseTo(1, 12);
	});
	it('gives ties to the lowest head', () => {
		const [layer] = randomMaps(1, 2, 5, random);
		const doubled = sumsOfMaps([
			[
				[layer[0], layer[0]],
				[layer[1], layer[0]]
			]
		]);
		expect(headMatch(doubled, 0, 1)).toEqual([0, 0]);
	});
});
