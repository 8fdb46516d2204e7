import { describe, expect, it } from 'vitest';
import { changeOf, contradicts } from './change.ts';

const ratioOf = (low: number | null, median: number, high: number | null) => ({
	median,
	q25: median,
	q75: median,
	low,
	high
});
/** A ratio of times whose models' own medians agree with it. */
const change = (low: number | null, median: number, high: number | null) =>
	changeOf({
		ratio: ratioOf(low, median, high),
		basis: 'measured',
		baseline: 100,
		planned: 100 * median
	});

describe('the side of 1 that a ratio lies on', () => {
	it('is certain where the whole interval lies on it', () => {
		expect(change(0.8, 0.9, 0.95)).toBe('less');
		expect(change(1.1, 1.4, 1.5)).toBe('more');
	});
	it('is none where the interval contains 1 or ends at it', () => {
		expect(change(0.98, 1.071, 1.2)).toBe('none');
		expect(change(1, 1.2, 1.3)).toBe('none');
		expect(change(0.7, 0.9, 1)).toBe('none');
	});
	it('is unknown without an interval', () => {
		expect(change(null, 1.4, null)).toBe('too few rounds');
	});
	it('is none where the medians of both models say the opposite', () => {
		const ratio = ratioOf(1.01, 1.071, 1.2);
		const opposite = { ratio, baseline: 22, planned: 16.6 };
		expect(contradicts(opposite)).toBe(true);
		expect(changeOf({ ...opposite, basis: 'measured' })).toBe('none');
		expect(contradicts({ ratio, baseline: 16.6, planned: 22 })).toBe(false);
	});
	it('is none below half a percent of what is measured, but counted bytes are exact', () => {
		const single = { ratio: 0.996, baseline: 1000, planned: 996 };
		expect(changeOf({ ...single, basis: 'measured' })).toBe('none');
		expect(changeOf({ ...single, basis: 'counted' })).toBe('less');
	});
});
