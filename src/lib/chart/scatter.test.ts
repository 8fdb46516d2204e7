import { describe, expect, it } from 'vitest';
import { arrowPath, nearestPoint, placePoints, scatterRange } from './scatter.ts';

const frame = { left: 10, top: 0, width: 100, height: 50, x: [0, 1], y: [0, 10] } as const;
const point = (key: string, x: number, y: number) => ({ key, x, y, colour: 'red' });

describe('a scatter plot', () => {
	it('places points by their values, larger y higher', () => {
		expect(placePoints(frame, [point('a', 0.5, 10)])[0]).toMatchObject({
			left: 60,
			top: 0,
			beyond: null
		});
	});
	it('puts what lies beyond the axes at their edge, and says so', () => {
		expect(placePoints(frame, [point('a', 0.5, 40)])[0]).toMatchObject({
			left: 60,
			top: 0,
			beyond: 'up'
		});
		expect(placePoints(frame, [point('a', -2, 5)])[0]).toMatchObject({
			left: 10,
			top: 25,
			beyond: 'left'
		});
	});
	it('draws a triangle from the edge towards what lies beyond', () => {
		const at = { left: 50, top: 20 };
		expect(arrowPath(at, 'up', 8)).toBe('M46,20h8l-4,-8z');
		expect(arrowPath(at, 'down', 8)).toBe('M46,20h8l-4,8z');
		expect(arrowPath(at, 'left', 8)).toBe('M50,16v8l-8,-4z');
		expect(arrowPath(at, 'right', 8)).toBe('M50,16v8l8,-4z');
	});
	it('finds the nearest point within reach', () => {
		const points = placePoints(frame, [point('a', 0, 0), point('b', 0.1, 0)]);
		expect(nearestPoint(points, { x: 17, y: 50 }, 8)?.key).toBe('b');
		expect(nearestPoint(points, { x: 60, y: 50 }, 8)).toBeNull();
	});
	it('ends its axes on round numbers around the bulk of the values', () => {
		expect(scatterRange([0.11, 0.2, 0.3, 0.41, 9])).toEqual([0.1, 0.45]);
		expect(scatterRange([0.2, 0.2, 0.2])).toEqual([-0.4, 0.8]);
		expect(scatterRange([])).toEqual([0, 1]);
	});
});
