import { describe, expect, it } from 'vitest';
import { dot, randomMaps, seeded, sumsOfMaps } from '../../tests/builders/attention.ts';
import { headMatch, similarityMatrix } from './measure.ts';
import { excess, excessMatrix, nullMatrix } from './null.ts';
import { METRICS } from './types.ts';

const [L, H] = [3, 2];
const random = seeded(3);
const windows = Array.from({ length: 3 }, () => randomMaps(L, H, 5, random));
const sums = sumsOfMaps(windows);

/** Σ over ordered pairs of different windows of ⟨P_l^v[heads], P_m^w⟩, by the plain way. */
function acrossWindows(l: number, m: number, headOf: (h: number) => number): number {
	let sum = 0;
	windows.forEach((first, v) => {
		windows.forEach((second, w) => {
			if (v === w) return;
			for (let h = 0; h < H; h++) sum += dot(first[l][headOf(h)], second[m][h]);
		});
	});
	return sum;
}
function norm(layer: number, headOf = (h: number) => h): number {
	let sum = 0;
	for (const maps of windows)
		for (let h = 0; h < H; h++) sum += dot(maps[layer][headOf(h)], maps[layer][headOf(h)]);
	return sum;
}

describe('nullMatrix', () => {
	it('is the cosine over all pairs of different windows', () => {
		const nulls = nullMatrix(sums, 'cosine');
		for (let l = 0; l < L; l++)
			for (let m = 0; m < L; m++)
				expect(nulls?.[l * L + m]).toBeCloseTo(
					acrossWindows(l, m, (h) => h) / 2 / Math.sqrt(norm(l) * norm(m)),
					12
				);
	});

	it('of cosine-matched takes the heads matched on the same text', () => {
		const map = headMatch(sums, 0, 2);
		const expected =
			acrossWindows(0, 2, (h) => map[h]) / 2 / Math.sqrt(norm(0, (h) => map[h]) * norm(2));
		expect(nullMatrix(sums, 'cosine-matched')?.[2]).toBeCloseTo(expected, 12);
	});

	it.each(['cosine', 'cosine-mean', 'cosine-matched'] as const)(
		'of %s equals the similarity when every window is the same text',
		(metric) => {
			const same = sumsOfMaps([windows[0], windows[0]]);
			const [nulls, matrix] = [nullMatrix(same, metric), similarityMatrix(same, metric)];
			matrix.forEach((value, i) => {
				expect(nulls?.[i]).toBeCloseTo(value, 12);
			});
		}
	);

	it('does not exist for one window, nor for hellinger and js', () => {
		for (const metric of METRICS) expect(nullMatrix(sumsOfMaps([windows[0]]), metric)).toBeNull();
		expect(nullMatrix(sums, 'hellinger')).toBeNull();
		expect(nullMatrix(sums, 'js')).toBeNull();
	});
});

describe('excess', () => {
	it('is the fraction of the room above the null that is used', () => {
		expect(excess(0.8, 0.6)).toBeCloseTo(0.5, 12);
		expect(excess(1, 0.6)).toBe(1);
		expect(excess(0.4, 0.5)).toBeCloseTo(-0.2, 12);
	});
	it('is 0 where the null leaves no room', () => {
		expect(excess(1, 1)).toBe(0);
		expect(excess(1, 1 - 1e-12)).toBe(0);
	});
	it('goes cell by cell', () => {
		expect([...excessMatrix(Float64Array.of(1, 0.75), Float64Array.of(0.5, 0.5))]).toEqual([
			1, 0.5
		]);
	});
});
