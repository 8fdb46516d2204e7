import { describe, expect, it } from 'vitest';
import {
	curveAt,
	depthGrid,
	matrixAtDepth,
	meanNextLayer,
	meanOverOthersCurve,
	meanOverPairs,
	nextLayerCurve,
	peakDepth,
	relativeDepth
} from './curves.ts';

/** Layer 0 is the source of row 0. */
const matrix = Float64Array.of(1, 0.2, 0.4, 0.6, 1, 0.8, 0.5, 0.7, 1);

describe('curves', () => {
	it('relativeDepth runs from 0 to 1; a single layer is at 0', () => {
		expect([0, 8, 16].map((layer) => relativeDepth(layer, 17))).toEqual([0, 0.5, 1]);
		expect(relativeDepth(0, 1)).toBe(0);
	});
	it('nextLayerCurve reads source l, follower l + 1, half-way between them', () => {
		expect(nextLayerCurve(matrix, 3)).toEqual({ depths: [0.25, 0.75], values: [0.2, 0.8] });
		expect(nextLayerCurve(Float64Array.of(1), 1)).toEqual({ depths: [], values: [] });
	});
	it('meanOverOthersCurve averages both directions and leaves the diagonal out', () => {
		const { depths, values } = meanOverOthersCurve(matrix, 3);
		expect(depths).toEqual([0, 0.5, 1]);
		expect(values[0]).toBeCloseTo(((0.2 + 0.6) / 2 + (0.4 + 0.5) / 2) / 2, 12);
		expect(meanOverOthersCurve(Float64Array.of(1), 1).values).toEqual([0]);
	});
	it('means over neighbours and over all pairs', () => {
		expect(meanNextLayer(matrix, 3)).toBeCloseTo(0.5, 12);
		expect(meanOverPairs(matrix, 3)).toBeCloseTo((0.2 + 0.4 + 0.8) / 3, 12);
		expect(meanOverPairs(Float64Array.of(1), 1)).toBe(0);
		expect(meanNextLayer(Float64Array.of(1), 1)).toBe(0);
	});
	it('peakDepth is where a curve is highest, the shallowest of equals', () => {
		expect(peakDepth({ depths: [0, 0.5, 1], values: [0.1, 0.9, 0.9] })).toBe(0.5);
		expect(peakDepth({ depths: [], values: [] })).toBe(0);
	});
	it('curveAt draws straight lines between points and stays flat beyond them', () => {
		const curve = { depths: [0.25, 0.75], values: [0.2, 0.8] };
		const values = curveAt(curve, [0, 0.25, 0.5, 0.75, 1]);
		[0.2, 0.2, 0.5, 0.8, 0.8].forEach((expected, i) => {
			expect(values[i]).toBeCloseTo(expected, 12);
		});
	});
	it('matrixAtDepth at the own size changes nothing, and picks nearest layers otherwise', () => {
		expect(matrixAtDepth(matrix, 3, 3)).toEqual(matrix);
		expect([...matrixAtDepth(matrix, 3, 2)]).toEqual([1, 0.4, 0.5, 1]);
		expect(depthGrid(3)).toEqual([0, 0.5, 1]);
	});
});
