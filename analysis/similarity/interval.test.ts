import { describe, expect, it } from 'vitest';
import { randomMaps, seeded, sumsOfMaps } from '../../tests/builders/attention.ts';
import { cellIntervals } from './interval.ts';
import { similarityMatrix } from './measure.ts';
import { drawWindows, intervalOf, RESAMPLES } from '../statistics/resample.ts';
import { similarityOf } from './similarity.ts';
import type { ViewSums } from './types.ts';

/** Two layers, one head; each window has its own cosine and both norms 1. */
function sumsOfCosines(cosines: number[]): ViewSums {
	const windows = Float64Array.from(
		cosines.flatMap((cosine) => [1, cosine, cosine, 1, 1, cosine, cosine, 1])
	);
	const sum = cosines.reduce((total, cosine) => total + cosine, 0);
	const gram = Float64Array.of(cosines.length, sum, sum, cosines.length);
	return {
		view: 'all',
		layers: 2,
		heads: 1,
		windowCount: cosines.length,
		gram,
		sqrt: null,
		null: null,
		windows,
		js: null
	};
}
function countsOf(documents: number[]): number[][] {
	const draws = drawWindows(documents);
	return Array.from({ length: RESAMPLES }, (_, r) =>
		documents.map((_document, w) => draws?.counts[w * RESAMPLES + r] ?? NaN)
	);
}

describe('drawWindows', () => {
	it('draws as many windows as there are from one document, in neighbouring blocks', () => {
		for (const counts of countsOf([0, 0, 0, 0, 0, 0, 0, 0]).slice(0, 50)) {
			expect(counts.reduce((sum, count) => sum + count, 0)).toBe(8);
			// Blocks of two: a window drawn has a neighbour (in the circle) drawn with it.
			counts.forEach((count, w) => {
				if (count > 0) expect(counts[(w + 1) % 8] + counts[(w + 7) % 8]).toBeGreaterThan(0);
			});
		}
	});
	it('draws documents first: with one window each, some resamples hold one document alone', () => {
		expect(drawWindows([0, 1])?.over).toBe('documents');
		expect(countsOf([0, 1]).filter(([first]) => first === 2).length).toBeGreaterThan(150);
	});
	it('takes each document with as many windows as it has', () => {
		for (const counts of countsOf([0, 0, 0, 1]))
			expect([2, 4, 6]).toContain(counts.reduce((sum, count) => sum + count, 0));
	});
	it('is the same every time, and not defined for one window', () => {
		expect(drawWindows([0, 0, 1])).toEqual(drawWindows([0, 0, 1]));
		expect(drawWindows([0])).toBeNull();
	});
});

describe('intervalOf', () => {
	it('leaves 2.5% of the resamples on either side', () => {
		const samples = Float64Array.from({ length: 1001 }, (_, i) => 1000 - i);
		expect(intervalOf(500, samples)).toEqual({ value: 500, low: 25, high: 975 });
	});
	it('always holds the value', () => {
		expect(intervalOf(9, Float64Array.of(1, 2, 3))).toEqual({ value: 9, low: 1, high: 9 });
	});
});

describe('cellIntervals', () => {
	it('of two documents of one window each span both', () => {
		const intervals = cellIntervals(sumsOfCosines([0.2, 0.6]), 'cosine', [0, 1]);
		expect(intervals?.over).toBe('documents');
		expect(intervals?.low[1]).toBeCloseTo(0.2, 12);
		expect(intervals?.high[1]).toBeCloseTo(0.6, 12);
		expect([intervals?.low[0], intervals?.high[3]]).toEqual([1, 1]);
	});
	it('of windows that are all alike have no width', () => {
		const intervals = cellIntervals(sumsOfCosines([0.5, 0.5, 0.5]), 'cosine-mean', [0, 0, 0]);
		expect(intervals?.over).toBe('blocks');
		expect(intervals?.low[2]).toBeCloseTo(0.5, 12);
		expect(intervals?.high[2]).toBeCloseTo(0.5, 12);
	});
	it('come near the textbook interval of a mean: ± 1.96 σ/√N', () => {
		const random = seeded(5);
		const cosines = Array.from({ length: 64 }, () => 0.3 + 0.4 * random());
		const intervals = cellIntervals(
			sumsOfCosines(cosines),
			'cosine',
			cosines.map((_, w) => w)
		);
		// One window a document: σ of a uniform variable of width 0.4 is 0.4/√12. Drawing each document's
		// only window is certain, so this is the plain bootstrap.
		const half = (1.96 * 0.4) / Math.sqrt(12) / 8;
		const width = (intervals?.high[1] ?? NaN) - (intervals?.low[1] ?? NaN);
		expect(width / (2 * half)).toBeGreaterThan(0.8);
		expect(width / (2 * half)).toBeLessThan(1.2);
	});
	it('do not exist for one window or for metrics without per-window sums', () => {
		expect(cellIntervals(sumsOfCosines([0.5]), 'cosine', [0])).toBeNull();
		expect(cellIntervals(sumsOfCosines([0.5, 0.6]), 'cosine-matched', [0, 1])).toBeNull();
	});
});

describe('similarityOf', () => {
	const random = seeded(11);
	const sums = sumsOfMaps(Array.from({ length: 4 }, () => randomMaps(3, 2, 5, random)));
	it('holds the matrix between low and high, symmetric, without NaN', () => {
		const { matrix, low, high, interval, null: nulls } = similarityOf(sums, 'cosine', [0, 0, 0, 0]);
		expect(interval).toBe('blocks');
		expect(matrix).toEqual(similarityMatrix(sums, 'cosine'));
		matrix.forEach((value, i) => {
			expect(low?.[i]).toBeLessThanOrEqual(value);
			expect(high?.[i]).toBeGreaterThanOrEqual(value);
			expect(nulls?.[i]).not.toBeNaN();
		});
		expect(low?.[1]).toBe(low?.[3]);
	});
	it('says that js has neither null nor interval', () => {
		expect(similarityOf(sums, 'js', [0, 0, 0, 0])).toMatchObject({
			null: null,
			low: null,
			high: null,
			interval: null
		});
	});
});
