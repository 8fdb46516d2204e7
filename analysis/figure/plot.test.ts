import { describe, expect, it } from 'vitest';
import { joinPath, placeLabels, rangeOf, reachOf, rulePath, whiskerPath } from './plot.ts';

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
	it('keep labels apart and inside', () => {
		const labels = placeLabels(frame, [
			point('a', 0.1, 5, { label: 'one' }),
			point('b', 0.12, 5.1, { label: 'two' }),
			point('c', 0.99, 1, { label: 'last' }),
			point('d', 0.5, 5)
		]);
		expect(labels.map(({ id }) => id)).toEqual(['b', 'a', 'c']);
		expect(labels[1].y - labels[0].y).toBeGreaterThanOrEqual(11);
		expect(labels.map(({ anchor }) => anchor)).toEqual(['start', 'start', 'end']);
	});
	it('keep labels of low points above the axis', () => {
		const low = ['a', 'b', 'c'].map((id) => point(id, 0.1, 0, { label: id }));
		expect(placeLabels(frame, low).map(({ y }) => y)).toEqual([76, 87, 98]);
	});
	it('leave out labels that would stand more than three lines from their points, a marked one never', () => {
		const crowd = ['a', 'b', 'c', 'd', 'e', 'f'].map((id) =>
			point(id, 0.1, 5, { label: id, marked: id === 'f' })
		);
		const ids = placeLabels(frame, crowd).map(({ id }) => id);
		expect(ids).toEqual(['c', 'b', 'a', 'f']);
	});
});
