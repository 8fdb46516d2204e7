import { describe, expect, it } from 'vitest';
import {
	bandPath,
	linePath,
	nearest,
	niceRange,
	placeX,
	placeY,
	ticksOf,
	valueAtX
} from './frame.ts';

const frame = { left: 10, top: 5, width: 100, height: 50, x: [-0.5, 3.5], y: [0, 2] } as const;
const series = { name: 'a', colour: 'red', xs: [0, 1, 2, 3], ys: [0, 1, NaN, 2] };

describe('chart geometry', () => {
	it('places layers at the middle of their column and larger values higher', () => {
		expect(placeX(frame, 0)).toBe(22.5);
		expect(placeY(frame, 0)).toBe(55);
		expect(placeY(frame, 2)).toBe(5);
		expect(valueAtX(frame, placeX(frame, 2.25))).toBeCloseTo(2.25, 12);
	});
	it('draws a line with a gap where there is no value', () => {
		expect(linePath(frame, series)).toBe('M22.5,55L47.5,30M97.5,5Z');
	});
	it('draws a band out along its upper and back along its lower edge', () => {
		const band = { ...series, xs: [0, 1], ys: [1, 1], low: [0, 0], high: [2, 1] };
		expect(bandPath(frame, band)).toBe('M22.5,5L47.5,30L47.5,55L22.5,55Z');
		expect(bandPath(frame, series)).toBe('');
	});
	it('takes a round range that holds lines and bands', () => {
		expect(niceRange([{ ...series, ys: [0.42, 0.88] }])).toEqual([0.4, 1]);
		expect(niceRange([{ ...series, ys: [0.5], low: [0.1], high: [0.9] }])).toEqual([0, 1]);
		expect(niceRange([])).toEqual([0, 1]);
		const [low, high] = niceRange([{ ...series, ys: [3, 3] }]);
		expect(low).toBeLessThan(3);
		expect(high).toBeGreaterThan(3);
	});
	it('gives values that differ by rounding alone a range with ticks that differ', () => {
		const y = niceRange([{ ...series, ys: [0.9, 0.9 + 1e-16, 0.9 - 2e-16] }]);
		const ticks = ticksOf(y, 3);
		expect(ticks.length).toBeGreaterThan(1);
		expect(new Set(ticks).size).toBe(ticks.length);
	});
	it('marks round values inside the range', () => {
		expect(ticksOf(frame.y, 3)).toEqual([0, 0.5, 1, 1.5, 2]);
	});
	it('finds the nearest point, the later of two', () => {
		expect(nearest([0.5, 1.5, 2.5], 1)).toBe(1);
		expect(nearest([0, 1, 2], 0.2)).toBe(0);
		expect(nearest([], 1)).toBe(-1);
	});
});
