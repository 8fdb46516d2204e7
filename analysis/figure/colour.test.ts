import { describe, expect, it } from 'vitest';
import {
	differenceRange,
	extentOf,
	fencedRange,
	rangeProblem,
	roundOut,
	similarityRange,
	unionRange
} from './range.ts';
import {
	colourScale,
	colourTable,
	cssColour,
	inkOn,
	paint,
	reversedScale,
	tableIndex
} from './colour.ts';

describe('rangeProblem', () => {
	it('says which end cannot be where it was put', () => {
		expect(rangeProblem([0.2, 0.8], 0, 2)).toBe(null);
		expect(rangeProblem([0.9, 0.8], 0, 2)).toBe(
			'0.9 was not taken: the lowest value must be below the highest, 0.80.'
		);
		expect(rangeProblem([0.2, 0.1], 1, 2)).toBe(
			'0.1 was not taken: the highest value must be above the lowest, 0.20.'
		);
		expect(rangeProblem([NaN, 0.8], 0, 2)).toBe('The lowest value of the scale must be a number.');
	});
});

describe('colourTable', () => {
	it('holds the published ends of each map', () => {
		const ends = (name: 'viridis' | 'magma' | 'cividis') => {
			const table = colourTable(name);
			return [[...table.subarray(0, 3)], [...table.subarray(765)]];
		};
		expect(ends('viridis')).toEqual([
			[68, 1, 84],
			[253, 231, 37]
		]);
		expect(ends('magma')).toEqual([
			[0, 0, 4],
			[252, 253, 191]
		]);
	});
	it('rises in luminance along viridis, magma and cividis', () => {
		for (const name of ['viridis', 'magma', 'cividis'] as const) {
			const table = colourTable(name);
			const luminance = (entry: number) =>
				0.2126 * (table[entry * 3] ?? 0) +
				0.7152 * (table[entry * 3 + 1] ?? 0) +
				0.0722 * (table[entry * 3 + 2] ?? 0);
			for (let entry = 16; entry < 256; entry += 16) {
				expect(luminance(entry)).toBeGreaterThan(luminance(entry - 16));
			}
		}
	});
	it('is red above and blue below in differences, and nearly white between', () => {
		const table = colourTable('difference');
		expect(table[765]).toBeGreaterThan(table[767]);
		expect(table[0]).toBeLessThan(table[2]);
		expect(Math.min(...table.subarray(128 * 3, 129 * 3))).toBeGreaterThan(230);
	});
});

describe('colourScale', () => {
	const scale = colourScale('viridis', [0, 1]);
	it('spreads the range over 256 entries and clamps what is beyond', () => {
		expect([-5, 0, 0.5, 1, 7].map((value) => tableIndex(scale, value))).toEqual([
			0, 0, 128, 255, 255
		]);
	});
	it('has no colour for what is not a number', () => {
		expect(tableIndex(scale, NaN)).toBe(-1);
		expect(cssColour(scale, NaN)).toBeNull();
	});
	it('widens a range of no width', () => {
		expect(colourScale('viridis', [0.3, 0.3]).range).toEqual([-0.2, 0.8]);
	});
	it('refuses a range that runs backwards', () => {
		expect(() => colourScale('viridis', [1, 0])).toThrow('colour range: found 1 to 0; low ≤ high');
	});
	it('writes white upon the dark end and black upon the light end', () => {
		expect([inkOn(scale, 0), inkOn(scale, 1)]).toEqual(['#fff', '#000']);
	});
});

describe('reversedScale', () => {
	it('gives the lowest value the colour of the highest, over the same range', () => {
		const scale = colourScale('viridis', [0, 1]);
		const reversed = reversedScale(scale);
		expect(reversed.range).toEqual([0, 1]);
		expect(cssColour(reversed, 0)).toBe(cssColour(scale, 1));
		expect(cssColour(reversed, 1)).toBe(cssColour(scale, 0));
		expect(reversedScale(reversed).table).toEqual(scale.table);
	});
});

describe('paint', () => {
	it('writes opaque colours, and nothing where a value is missing or no number', () => {
		const target = new Uint8ClampedArray(16).fill(9);
		const scale = colourScale('viridis', [0, 1]);
		paint([0, 1, NaN, 0.5], scale, Uint8Array.of(0, 0, 0, 1), target);
		expect([...target.subarray(0, 8)]).toEqual([68, 1, 84, 255, 253, 231, 37, 255]);
		expect([target[11], target[15]]).toEqual([0, 0]);
	});
	it('agrees with cssColour on every value', () => {
		const scale = colourScale('magma', [-1, 2]);
		const values = Array.from({ length: 101 }, (_, index) => -1.5 + index * 0.04);
		const target = new Uint8ClampedArray(values.length * 4);
		paint(values, scale, null, target);
		values.forEach((value, index) => {
			const rgb = [...target.subarray(index * 4, index * 4 + 3)].join(',');
			expect(cssColour(scale, value)).toBe(`rgb(${rgb})`);
		});
	});
});

describe('ranges', () => {
	it('pass over what is missing or no number', () => {
		expect(extentOf([3, NaN, -1, 9], Uint8Array.of(0, 0, 0, 1))).toEqual([-1, 3]);
		expect(extentOf([NaN])).toBeNull();
	});
	it('leave out the diagonal of a similarity map, which is 1 by definition', () => {
		expect(similarityRange([1, 0.412, 0.688, 1], 2)).toEqual([0.41, 0.69]);
		expect(similarityRange([1], 1)).toEqual([1, 1]);
	});
	it('are centred at 0 for differences', () => {
		expect(differenceRange([-0.2, 0.113])).toEqual([-0.2, 0.2]);
	});
	it('leave rounding pale in a map of differences', () => {
		expect(differenceRange([6e-8, -6e-8, 0])).toEqual([-0.001, 0.001]);
		expect(differenceRange([0, 0])).toEqual([-0.001, 0.001]);
		expect(differenceRange([0.0032, 0])).toEqual([-0.0032, 0.0032]);
	});
	it('end at the last value within 1.5 times the distance of the quartiles from them', () => {
		// Quartiles 2 and 4: fences at −1 and 7.
		expect(fencedRange([1, 2, 3, 4, 50])).toEqual([1, 4]);
		expect(fencedRange([1, 2, 3, 4, 7])).toEqual([1, 7]);
		expect(fencedRange([-50, 1, 2, NaN, 3, 4, 90], Uint8Array.of(1, 0, 0, 0, 0, 0, 1))).toEqual([
			1, 4
		]);
		expect(fencedRange([])).toEqual([0, 1]);
	});
	it('round outwards, finer where values are small', () => {
		expect(roundOut([0.123, 0.877])).toEqual([0.12, 0.88]);
		expect(roundOut([0.00012, 0.00087])).toEqual([0.00012, 0.00087]);
		expect(roundOut([0.1, 0.3])).toEqual([0.1, 0.3]);
	});
	it('unite to one that holds all', () => {
		expect(
			unionRange([
				[0.2, 0.5],
				[0.1, 0.3]
			])
		).toEqual([0.1, 0.5]);
	});
});
