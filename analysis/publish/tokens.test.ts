import { describe, expect, it } from 'vitest';
import { causalQuantile, cutRegion, futureMask, regionAround, tokenLabel } from './tokens.ts';

describe('regionAround', () => {
	it('lies around the cell and never beyond the text', () => {
		expect(regionAround(512, 64, { row: 100, column: 10 })).toEqual({
			rows: { from: 68, to: 132 },
			columns: { from: 0, to: 64 }
		});
		expect(regionAround(512, 64, { row: 511, column: 511 }).rows).toEqual({ from: 448, to: 512 });
		expect(regionAround(40, 64, { row: 3, column: 3 }).columns).toEqual({ from: 0, to: 40 });
	});
});

describe('a part of a token map', () => {
	const map = Float32Array.from({ length: 16 }, (_, index) => index);
	const region = { rows: { from: 1, to: 3 }, columns: { from: 0, to: 3 } };
	it('holds the region’s entries row by row', () => {
		expect([...cutRegion(map, 4, region)]).toEqual([4, 5, 6, 8, 9, 10]);
	});
	it('is masked where the key comes after the query', () => {
		expect([...futureMask(region)]).toEqual([0, 0, 1, 0, 0, 0]);
		const beyond = { rows: { from: 0, to: 2 }, columns: { from: 2, to: 4 } };
		expect([...futureMask(beyond)]).toEqual([1, 1, 1, 1]);
	});
});

describe('tokenLabel', () => {
	it('shows blanks and line breaks', () => {
		expect([' the', 'the', '\n\n', '\t'].map(tokenLabel)).toEqual(['·the', 'the', '↵↵', '⇥']);
	});
});

describe('causalQuantile', () => {
	it('counts entries on and below the diagonal only', () => {
		const map = Float32Array.of(0.1, 9, 0.2, 0.3);
		expect(causalQuantile([map], 2, 0.99)).toBeCloseTo(0.3, 6);
		expect(causalQuantile([map], 2, 0)).toBeCloseTo(0.1, 6);
	});
	it('looks at all maps together', () => {
		const low = Float32Array.of(0.1, 0, 0.1, 0.1);
		const high = Float32Array.of(0.5, 0, 0.5, 0.5);
		expect(causalQuantile([low, high], 2, 0.5)).toBe(0.5);
	});
});
