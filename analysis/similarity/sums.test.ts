import { describe, expect, it } from 'vitest';
import { randomMaps, seeded, sumsOfMaps } from '../../tests/builders/attention.ts';
import { similarityMatrix } from './measure.ts';
import { nullMatrix } from './null.ts';
import { addSums, checkSums, nullPairs, sumsFor } from './sums.ts';
import { emptySums } from '../../tests/builders/sums.ts';
import { METRICS, type ViewSums } from './types.ts';

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

	it('of shards have the null of pairs within a shard', () => {
		const parts = [maps.slice(0, 2), maps.slice(2, 3), maps.slice(3)];
		const sums = parts.map((part) => sumsOfMaps(part)).reduce(addSums);
		expect(sums.shards).toEqual([2, 1, 1]);
		expect(nullPairs(sums)).toBe(2);
		// Only the first two windows make pairs: their products, against the norms of all four.
		const [first, whole] = [sumsOfMaps(maps.slice(0, 2)), sumsOfMaps(maps)];
		const nulls = nullMatrix(sums, 'cosine');
		const across = nullMatrix(first, 'cosine');
		const norm = (of: ViewSums, layer: number) =>
			[0, 1].reduce((sum, head) => {
				const row = 2 * layer + head;
				return sum + (of.gram?.[row * 6 + row] ?? NaN);
			}, 0);
		for (let l = 0; l < 3; l++)
			for (let m = 0; m < 3; m++) {
				const ofFirst = Math.sqrt(norm(first, l) * norm(first, m));
				const ofWhole = Math.sqrt(norm(whole, l) * norm(whole, m));
				// Means over 2 windows and over 4.
				const expected = ((across?.[l * 3 + m] ?? NaN) * (ofFirst / 2)) / (ofWhole / 4);
				expect(nulls?.[l * 3 + m]).toBeCloseTo(expected, 12);
			}
	});

	it('of shards with one window each have no null', () => {
		const sums = maps.map((each) => sumsOfMaps([each])).reduce(addSums);
		expect(sums.null).toBeNull();
		expect(nullMatrix(sums, 'cosine')).toBeNull();
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
