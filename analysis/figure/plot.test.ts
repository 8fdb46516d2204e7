import { describe, expect, it } from 'vitest';
import { joinPath, rangeOf, reachOf, rulePath, whiskerPath } from './plot.ts';

const frame = { left: 10, top: 0, width: 100, height: 100, x: [0, 1], y: [0, 10] } as const;
const point = (id: string, x: number, y: number, more = {}) => ({ id, x, y, title: id, ...more });

describe('charts of points', () => {
	it('have a round range that holds every value, without room beyond a named limit', () => {
		expect(rangeOf([0.1, 0.34], [0])).toEqual([0, 0.4]);
		expect(rangeOf([-0.05, 0.3], [0])[0]).toBeLessThanOrEqual(-0.05);
		const [low, high] = rangeOf([3]);
		expect(low).toBeLessThan(3);
		expect(high).toBeGreaterThan(3);
		expect(rangeOf([])).toEqual([0, 1]);
	});
	it('reach as far as their intervals', () => {
		const points = [point('a', 0, 2, { low: 1, high: 5 }), point('b', 0, 7, { low: null })];
		expect(reachOf([{ name: 's', colour: '', shape: 'circle', points }]).toSorted()).toEqual([
			1, 2, 5, 7, 7, 7
		]);
	});
	it('draw whiskers where there is an interval', () => {
		expect(whiskerPath(frame, point('a', 0.5, 5, { low: 4, high: 7 }))).toBe(
			'M57,30h6M60,30V60M57,60h6'
		);
		expect(whiskerPath(frame, point('a', 0.5, 5, { low: null, high: null }))).toBe('');
		expect(whiskerPath(frame, point('a', 0.5, 5, { low: 4, high: 7 }), 3, 70)).toBe(
			'M67,30h6M70,30V60M67,60h6'
		);
	});
	it('draw rules within the frame alone', () => {
		const rule = (axis: 'x' | 'y' | 'diagonal', at: number) =>
			rulePath(frame, { axis, at, label: '' });
		expect(rule('y', 5)).toBe('M10,50h100');
		expect(rule('x', 0.25)).toBe('M35,0v100');
		expect(rule('x', 2)).toBe('');
		expect(rule('diagonal', 0)).toBe('M10,100L110,90');
	});
	it('join points in their order', () => {
		expect(joinPath(frame, [point('a', 0, 0), point('b', 1, 10)])).toBe('M10,100L110,0');
	});
});
