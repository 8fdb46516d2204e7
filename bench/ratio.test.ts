import { expect, it } from 'vitest';
import { ratioOf } from './ratio.ts';

it('is the geometric mean of pairs, with an interval that is symmetric in logarithms', () => {
	// Ratios 1/2 and 2: logs ∓0.693, mean 0, standard error 0.693, t(1) = 12.706.
	const { value, low, high } = ratioOf([1, 4], [2, 2]);
	expect(value).toBeCloseTo(1, 12);
	expect(Math.log(high ?? 0)).toBeCloseTo(12.706 * Math.log(2), 9);
	expect(low).toBeCloseTo(1 / (high ?? 0), 9);
});

it('has no interval of one pair', () => {
	const { value, low, high } = ratioOf([3], [4]);
	expect(value).toBeCloseTo(0.75, 12);
	expect([low, high]).toEqual([null, null]);
});
