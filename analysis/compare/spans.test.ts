import { describe, expect, it } from 'vitest';
import { compareSpans, defaultChoice, overlapping, spanOverlap } from './spans.ts';

/** [L, L] with the given similarity of each layer to the next and 0 elsewhere. */
function chain(...next: number[]): Float64Array {
	const layers = next.length + 1;
	const matrix = new Float64Array(layers * layers);
	next.forEach((value, l) => (matrix[l * layers + l + 1] = value));
	return matrix;
}
const free = (layers: number) => Array.from({ length: layers }, () => null);
const six = { matrix: chain(0, 0.9, 0, 0.8, 0), layers: 6, slidingWindows: free(6) };
const four = { matrix: chain(0, 0.95, 0), layers: 4, slidingWindows: free(4) };

describe('compareSpans', () => {
	it('proposes spans by similarity and says what part of the depth they take up', () => {
		const { plans } = compareSpans([six, four], { by: 'similarity', minSimilarity: 0.85 });
		expect(plans[0].spans).toEqual([
			{ source: 1, followers: [2], from: 1 / 6, to: 3 / 6, score: 0.9 }
		]);
		expect(plans[1].spans).toEqual([
			{ source: 1, followers: [2], from: 1 / 4, to: 3 / 4, score: 0.95 }
		]);
	});
	it('measures overlap in relative depth', () => {
		const { overlaps } = compareSpans([six, four], { by: 'similarity', minSimilarity: 0.85 });
		// Depth 1/6 to 1/2 and 1/4 to 3/4 share 1/4 of what lies between 1/6 and 3/4.
		expect(overlaps).toHaveLength(1);
		expect(overlaps[0].shared).toBeCloseTo(1 / 4, 12);
		expect(overlaps[0].either).toBeCloseTo(7 / 12, 12);
		expect(overlaps[0].share).toBeCloseTo(3 / 7, 12);
	});
	it('takes as many followers as fit where more were asked for, and says so', () => {
		const { plans } = compareSpans([six, four], { by: 'followers', followers: 2 });
		expect(plans.map(({ followers, fewer }) => ({ followers, fewer }))).toEqual([
			{ followers: 2, fewer: false },
			{ followers: 1, fewer: true }
		]);
	});
	it('refuses a number of followers that is none', () => {
		expect(() => compareSpans([six], { by: 'followers', followers: 1.5 })).toThrow(
			'followers: 1.5; allowed: a whole number, 0 or more'
		);
	});
});

describe('spanOverlap', () => {
	it('is whole for the same spans and nothing for spans that only touch', () => {
		const span = { from: 0.25, to: 0.5 };
		expect(spanOverlap([span], [span], 0, 1).share).toBe(1);
		expect(spanOverlap([span], [{ from: 0.5, to: 1 }], 0, 1).share).toBe(0);
	});
	it('has no share where there are no spans', () => {
		expect(spanOverlap([], [], 0, 1)).toEqual({
			first: 0,
			second: 1,
			shared: 0,
			either: 0,
			share: null
		});
	});
});

describe('overlapping', () => {
	it('joins each stretch with those it shares depth with', () => {
		const [x, y, z] = [
			{ from: 0, to: 0.5 },
			{ from: 0.4, to: 0.6 },
			{ from: 0.6, to: 1 }
		];
		const found = overlapping([x, z], [y]);
		expect(found).toHaveLength(1);
		expect(found[0]).toMatchObject({ a: x, b: y });
		expect(found[0].shared).toBeCloseTo(0.1, 12);
	});
});

describe('defaultChoice', () => {
	it('lets a quarter of the shallowest model follow', () => {
		expect(defaultChoice([32, 18])).toEqual({ by: 'followers', followers: 4 });
	});
});
