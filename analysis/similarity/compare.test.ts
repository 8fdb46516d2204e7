import { describe, expect, it } from 'vitest';
import { randomMaps, seeded, sumsOfMaps } from '../../tests/builders/attention.ts';
import {
	CURVE_POINTS,
	pairedDifference,
	summaryOf,
	whyNotPaired,
	type ComparedRun
} from './compare.ts';
import { meanNextLayer, meanOverPairs } from './curves.ts';
import { similarityMatrix } from './measure.ts';

const texts = [{ sha256: 'a' }, { sha256: 'b' }];
const places = [0, 0, 1, 1].map((document, w) => ({ document, start: w * 10 }));
function runOf(layers: number, seed: number): ComparedRun {
	const random = seeded(seed);
	const maps = Array.from({ length: 4 }, () => randomMaps(layers, 2, 5, random));
	return { sums: sumsOfMaps(maps), windows: places, texts };
}
const [a, b, deep] = [runOf(3, 1), runOf(3, 2), runOf(5, 3)];

describe('summaryOf', () => {
	it('gives the means of the matrix, each inside its interval', () => {
		const matrix = similarityMatrix(a.sums, 'cosine');
		const result = summaryOf(a.sums, 'cosine', [0, 0, 1, 1]);
		expect(result?.over).toBe('documents');
		const { nextLayer, pairs, peakDepth } = result?.summary ?? {};
		expect(nextLayer?.value).toBe(meanNextLayer(matrix, 3));
		expect(pairs?.value).toBe(meanOverPairs(matrix, 3));
		for (const figure of [nextLayer, pairs, peakDepth]) {
			expect(figure?.low).toBeLessThanOrEqual(figure?.value ?? NaN);
			expect(figure?.high).toBeGreaterThanOrEqual(figure?.value ?? NaN);
		}
		expect(nextLayer?.high).toBeGreaterThan(nextLayer?.low ?? NaN);
	});
	it('does not exist for js', () => {
		expect(summaryOf(a.sums, 'js', [0, 0, 1, 1])).toBeNull();
	});
});

describe('pairedDifference', () => {
	it('of a run with itself is 0 everywhere, without width', () => {
		const { summary, curve, cells } = pairedDifference(a, a, 'cosine-mean');
		for (const figure of [summary.nextLayer, summary.pairs, summary.peakDepth, ...curve.difference])
			expect(figure).toEqual({ value: 0, low: 0, high: 0 });
		for (const matrix of [cells?.difference, cells?.low, cells?.high])
			expect(matrix).toEqual(new Float64Array(9));
	});
	it('is first minus second, and turns its sign and interval with them', () => {
		const [there, back] = [pairedDifference(a, b, 'cosine'), pairedDifference(b, a, 'cosine')];
		const [matrixA, matrixB] = [a, b].map(({ sums }) => similarityMatrix(sums, 'cosine'));
		expect(there.cells?.difference[1]).toBe(matrixA[1] - matrixB[1]);
		expect(there.summary.pairs.value).toBeCloseTo(-back.summary.pairs.value, 12);
		expect(there.summary.pairs.low).toBeCloseTo(-back.summary.pairs.high, 12);
		expect(there.cells?.low[5]).toBeCloseTo(-(back.cells?.high[5] ?? NaN), 12);
	});
	it('is narrower than the runs apart where their windows vary together', () => {
		// The same windows, the second run with one layer a little different: what varies, varies in both.
		const random = seeded(9);
		const windows = Array.from({ length: 4 }, () => randomMaps(3, 2, 5, random));
		const tuned = windows.map(([first, second, third]) => [
			first,
			second,
			third.map((map, h) => map.map((value, i) => 0.95 * value + 0.05 * second[h][i]))
		]);
		const pair = [windows, tuned].map((maps) => ({ ...a, sums: sumsOfMaps(maps) }));
		const { pairs } = pairedDifference(pair[0], pair[1], 'cosine').summary;
		const apart = summaryOf(pair[0].sums, 'cosine', [0, 0, 1, 1])?.summary.pairs;
		expect(pairs.high - pairs.low).toBeLessThan(((apart?.high ?? 0) - (apart?.low ?? 0)) / 2);
	});
	it('compares models of different depth by summary and curve only', () => {
		const { cells, curve, summary } = pairedDifference(a, deep, 'cosine');
		expect(cells).toBeNull();
		expect(curve.depths).toHaveLength(CURVE_POINTS);
		expect(curve.difference).toHaveLength(CURVE_POINTS);
		expect(summary.nextLayer.value).toBeCloseTo(
			meanNextLayer(similarityMatrix(a.sums, 'cosine'), 3) -
				meanNextLayer(similarityMatrix(deep.sums, 'cosine'), 5),
			12
		);
	});
	it('refuses runs on other windows of text, and says why', () => {
		expect(whyNotPaired(a, b, 'cosine')).toBeNull();
		expect(() => pairedDifference(a, b, 'js')).toThrow(
			'paired difference: metric js has no per-window sums'
		);
		expect(whyNotPaired(a, { ...b, texts: [{ sha256: 'a' }] }, 'cosine')).toBe('the texts differ');
		const moved = places.map((place) => ({ ...place, start: place.start + 1 }));
		expect(whyNotPaired(a, { ...b, windows: moved }, 'cosine')).toBe(
			'the windows begin at different places of the text'
		);
		const other = { ...b, sums: { ...b.sums, view: 'no-sink' as const } };
		expect(whyNotPaired(a, other, 'cosine')).toBe('the views differ');
	});
});
