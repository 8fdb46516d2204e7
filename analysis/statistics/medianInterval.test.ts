import { describe, expect, it } from 'vitest';
import { medianInterval } from './medianInterval.ts';

const upTo = (count: number) => Array.from({ length: count }, (_, at) => count - at);

describe('the 95% interval of a median', () => {
	it('is none of fewer than six values', () => {
		// Both ends miss the median of 5 in 2 · 2⁻⁵ = 6.25% of cases.
		expect(medianInterval([])).toBe(null);
		expect(medianInterval(upTo(5))).toBe(null);
	});
	it('is from the lowest to the highest of six to eight', () => {
		expect(medianInterval(upTo(6))).toEqual({ low: 1, high: 6 });
		expect(medianInterval(upTo(8))).toEqual({ low: 1, high: 8 });
	});
	it('cuts off as many of more as the sign test allows', () => {
		// 2 · (1 + 9) / 512 = 3.9%; 2 · (1 + 25 + … + 177100) / 2²⁵ = 4.3% up to 7 heads of 25.
		expect(medianInterval(upTo(9))).toEqual({ low: 2, high: 8 });
		expect(medianInterval(upTo(25))).toEqual({ low: 8, high: 18 });
	});
});
