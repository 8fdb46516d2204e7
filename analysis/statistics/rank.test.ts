import { describe, expect, it } from 'vitest';
import { midRanks, spearman } from './rank.ts';

describe('midRanks', () => {
	it('count from 1, tied values sharing their mean', () => {
		expect([...midRanks([30, 10, 20])]).toEqual([3, 1, 2]);
		expect([...midRanks([5, 1, 5, 5])]).toEqual([3, 1, 3, 3]); // ranks 2, 3, 4
		expect([...midRanks([])]).toEqual([]);
	});
});

describe('spearman', () => {
	it('is 1 for any rising relation and −1 for any falling one', () => {
		expect(spearman([1, 2, 3, 10], [0, 1, 8, 9])).toBe(1);
		expect(spearman([1, 2, 3, 10], [9, 8, 1, 0])).toBe(-1);
	});
	it('is 1 − 6·Σd² / (n·(n² − 1)) without ties', () => {
		// d = −1, 1, −1, 1, 0: 1 − 6·4 / (5·24)
		expect(spearman([1, 2, 3, 4, 5], [2, 1, 4, 3, 5])).toBeCloseTo(0.8, 12);
	});
	it('gives tied values their mean rank', () => {
		// ranks 1, 2.5, 2.5, 4 against 1, 2, 3, 4: 4.5 / √(4.5·5)
		expect(spearman([1, 2, 2, 3], [1, 2, 3, 4])).toBeCloseTo(4.5 / Math.sqrt(22.5), 12);
	});
	it('does not change when either side is put through a rising function', () => {
		const [x, y] = [
			[0.3, -1, 2, 0.7, 0.1],
			[4, 1, 2, 9, 0.5]
		];
		expect(spearman(x.map(Math.exp), y.map(Math.sqrt))).toBe(spearman(x, y));
	});
	it('is not there with fewer than three pairs, or where a side does not vary', () => {
		expect(spearman([1, 2], [1, 2])).toBeNull();
		expect(spearman([1, 1, 1], [1, 2, 3])).toBeNull();
		expect(spearman([1, 2, 3], [7, 7, 7])).toBeNull();
	});
	it('refuses sides of different length', () => {
		expect(() => spearman([1, 2, 3], [1, 2])).toThrow(
			'spearman: 3 and 2 values; expected as many of each'
		);
	});
});
