import { describe, expect, it } from 'vitest';
import { randomMaps, seeded, sumsOfMaps } from '../../tests/builders/attention.ts';
import { similarityMatrix } from './measure.ts';
import { addSums, checkSums, emptySums, sumsFor } from './sums.ts';
import { METRICS } from './types.ts';

const random = seeded(1);
const maps = Array.from({ length: 4 }, () => randomMaps(3, 2, 5, random));

describe('sums', () => {
	it('of two halves add up to those of the whole, for every metric', () => {
		const whole = sumsOfMaps(maps);
		const halves = addSums(sumsOfMaps(maps.slice(0, 2)), sumsOfMaps(maps.slice(2)));
		expect(halves.windowCount).toBe(4);
		expect(halves.windows).toEqual(whole.windows);
		for (const metric of METRICS) {
			const [a, b] = [similarityMatrix(halves, metric), similarityMatrix(whole, metric)];
			a.forEach((value, i) => {
				expect(value).toBeCloseTo(b[i], 12);
			});
		}
	});

	it('of no windows are neutral', () => {
		const sums = sumsOfMaps(maps);
		const empty = emptySums('all', 3, 2, sumsFor(METRICS));
		expect(addSums(empty, sums)).toEqual(sums);
		expect(addSums(sums, empty)).toEqual(sums);
	});

	it('lose their null when both parts have windows, for it holds products across them', () => {
		expect(addSums(sumsOfMaps(maps.slice(0, 2)), sumsOfMaps(maps.slice(2))).null).toBeNull();
	});

	it('of different sizes or views do not add up', () => {
		const wanted = sumsFor(['cosine']);
		expect(() => addSums(emptySums('all', 3, 2, wanted), emptySums('all', 4, 2, wanted))).toThrow(
			'sums: all, 3 layers × 2 heads and all, 4 layers × 2 heads; only sums of one view and size add up'
		);
		expect(() =>
			addSums(emptySums('all', 3, 2, wanted), emptySums('no-sink', 3, 2, wanted))
		).toThrow('no-sink');
		expect(() =>
			addSums(emptySums('all', 3, 2, wanted), emptySums('all', 3, 2, sumsFor(['js'])))
		).toThrow('gram: collected in one part only; both must have it');
	});

	it('of the wrong length are refused by name', () => {
		const sums = { ...emptySums('all', 3, 2, sumsFor(METRICS)), gram: new Float64Array(35) };
		expect(() => {
			checkSums(sums);
		}).toThrow('all.gram: 35 numbers; expected 36 (6 × 6)');
	});

	it('are collected only where a metric reads them', () => {
		expect(sumsFor(['js'])).toEqual({
			gram: false,
			sqrt: false,
			null: false,
			windows: false,
			js: true
		});
		expect(sumsFor(['cosine-matched'])).toMatchObject({ gram: true, null: true, windows: false });
	});
});
