import { describe, expect, it } from 'vitest';
import { looksOf, strengthMap, strengths, topKeys } from './looks.ts';

/** Three tokens: each row is a query, and what comes after it is 0. */
const map = Float32Array.from([1, 0, 0, 0.75, 0.25, 0, 0.5, 0.01, 0.49]);

describe('where a token looks', () => {
	it('is its row up to itself', () => {
		expect([...looksOf(map, 3, 1)]).toEqual([0.75, 0.25]);
	});
	it('is coloured against the row’s highest, by the logarithm over four decades, or as it is', () => {
		const row = Float32Array.from([0.5, 0.25, 0]);
		expect(strengths(row, 'row max')).toEqual([1, 0.5, 0]);
		expect(strengths(row, 'linear')).toEqual([0.5, 0.25, 0]);
		const logs = strengths(Float32Array.from([1, 0.01, 0.0001, 0.00001, 0]), 'log');
		for (const [index, expected] of [1, 0.5, 0, 0, 0].entries())
			expect(logs[index]).toBeCloseTo(expected, 6);
		expect(strengths(new Float32Array(2), 'row max')).toEqual([0, 0]);
	});
	it('is named by its highest keys', () => {
		const row = Float32Array.from([0.25, 0.5, 0.25]);
		expect(topKeys(row, 2).map(({ key }) => key)).toEqual([1, 0]);
	});
	it('paints a map row by row, nothing after a query', () => {
		const painted = strengthMap(map, 3, 'row max');
		expect([...painted.subarray(3, 6)]).toEqual([1, expect.closeTo(1 / 3, 6), 0]);
		expect(painted[6]).toBe(1);
	});
});
