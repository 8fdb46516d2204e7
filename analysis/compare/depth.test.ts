import { describe, expect, it } from 'vitest';
import { layerAtSameDepth } from './depth.ts';

describe('layerAtSameDepth', () => {
	it('keeps first and last layer, and every layer where the depths are equal', () => {
		expect([0, 15].map((layer) => layerAtSameDepth(layer, 16, 32))).toEqual([0, 31]);
		expect(layerAtSameDepth(7, 16, 16)).toBe(7);
	});
	it('takes the nearest layer: layer 5 of 11 is half-way down, as is layer 2 of 5', () => {
		expect(layerAtSameDepth(5, 11, 5)).toBe(2);
		expect(layerAtSameDepth(2, 5, 11)).toBe(5);
	});
	it('puts the only layer of a model at its beginning', () => {
		expect(layerAtSameDepth(0, 1, 12)).toBe(0);
		expect(layerAtSameDepth(9, 12, 1)).toBe(0);
	});
});
