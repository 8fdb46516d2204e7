import { describe, expect, it } from 'vitest';
import { arrowPath, beyondRange, nearestPoint, placePoint } from './beyond.ts';

const frame = { left: 10, top: 0, width: 100, height: 50, x: [0, 1], y: [0, 10] } as const;

describe('a scatter plot', () => {
	it('places points by their values, larger y higher', () => {
		expect(placePoint(frame, { x: 0.5, y: 10 })).toMatchObject({
			left: 60,
			top: 0,
			beyond: null
		});
	});
	it('puts what lies beyond the axes at their edge, and says so', () => {
		expect(placePoint(frame, { x: 0.5, y: 40 })).toMatchObject({
			left: 60,
			top: 0,
			beyond: 'up'
		});
		expect(placePoint(frame, { x: -2, y: 5 })).toMatchObject({
			left: 10,
			top: 25,
			beyond: 'left'
		});
	});
	it('draws a triangle from the edge towards what lies beyond', () => {
		expect(arrowPath('up', 8)).toBe('M-4,0h8l-4,-8z');
		expect(arrowPath('down', 8)).toBe('M-4,0h8l-4,8z');
		expect(arrowPath('left', 8)).toBe('M0,-4v8l-8,-4z');
		expect(arrowPath('right', 8)).toBe('M0,-4v8l8,-4z');
	});
	it('finds the nearest point within reach', () => {
		const points = [0, 0.1].map((x) => ({ id: x, ...placePoint(frame, { x, y: 0 }) }));
		expect(nearestPoint(points, { x: 17, y: 50 }, 8)?.id).toBe(0.1);
		expect(nearestPoint(points, { x: 60, y: 50 }, 8)).toBeNull();
	});
	it('ends its axes on round numbers around the bulk of the values', () => {
		expect(beyondRange([0.11, 0.2, 0.3, 0.41, 9])).toEqual([0.1, 0.45]);
		expect(beyondRange([0.2, 0.2, 0.2])).toEqual([-0.4, 0.8]);
		expect(beyondRange([])).toEqual([0, 1]);
	});
});
