import { describe, expect, it } from 'vitest';
import { isClearlyAbove, roundsOf, spreadOrder } from './rounds.ts';

describe('rounds', () => {
	it('grow from three windows to all', () => {
		expect(roundsOf(8)).toEqual([3, 5, 8]);
		expect(roundsOf(11)).toEqual([3, 5, 8, 11]);
		expect(roundsOf(4)).toEqual([3, 4]);
		expect(roundsOf(3)).toEqual([3]);
		expect(roundsOf(1)).toEqual([1]);
	});

	it('begin with windows that are spread over all', () => {
		expect(spreadOrder(8)).toEqual([0, 4, 2, 6, 1, 5, 3, 7]);
		expect(spreadOrder(5).toSorted()).toEqual([0, 1, 2, 3, 4]);
		expect(spreadOrder(5).slice(0, 2)).toEqual([0, 2]);
		expect(spreadOrder(1)).toEqual([0]);
	});
});

describe('a difference', () => {
	const above = (...values: number[]) => isClearlyAbove([{ values, weight: 1 }]);

	it('is clear where its mean exceeds t standard errors', () => {
		// Two values: mean 0.5, standard error 0.05 and 0.1, t 6.314.
		expect(above(0.45, 0.55)).toBe(true);
		expect(above(0.4, 0.6)).toBe(false);
		// Three: standard error 0.1 / √3, t 2.92: the limit is 0.1686.
		expect(above(0.07, 0.17, 0.27)).toBe(true);
		expect(above(0.06, 0.16, 0.26)).toBe(false);
	});

	it('is not where there is one value, or where it is 0 or less', () => {
		expect(above(3)).toBe(false);
		expect(above(0, 0, 0)).toBe(false);
		expect(above(-0.5, -0.5)).toBe(false);
	});

	it('of text and recall counts the latter by its weight, and not at all at 0', () => {
		const of = (weight: number) =>
			isClearlyAbove([
				{ values: [0.01, -0.01], weight: 1 },
				{ values: [1, 1.1], weight }
			]);
		expect(of(1)).toBe(true);
		expect(of(0.02)).toBe(false);
		expect(of(0)).toBe(false);
	});
});
