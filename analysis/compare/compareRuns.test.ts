import { describe, expect, it } from 'vitest';
import { recordOf, sumsOfCosines } from '../../tests/builders/comparedRun.ts';
import { compareRuns } from './compareRuns.ts';
import type { CompareInput } from './types.ts';

const cosines = (c01: number, c02: number, c12: number) => [
	[1, c01, c02],
	[0, 1, c12],
	[0, 0, 1]
];
const measure = { metric: 'cosine', view: 'all' } as const;

/** Both windows alike, so that every resample gives the same and intervals have no width. */
const a: CompareInput = {
	record: recordOf('a', 3),
	sums: sumsOfCosines([cosines(0.9, 0.4, 0.5), cosines(0.9, 0.4, 0.5)])
};
const b: CompareInput = {
	record: recordOf('b', 3),
	sums: sumsOfCosines([cosines(0.7, 0.4, 0.5), cosines(0.7, 0.4, 0.5)])
};
const deepMatrix = [
	[1, 0.9, 0.5, 0.3, 0.2],
	[0, 1, 0.8, 0.4, 0.3],
	[0, 0, 1, 0.7, 0.6],
	[0, 0, 0, 1, 0.6],
	[0, 0, 0, 0, 1]
];
const deep: CompareInput = {
	record: recordOf('deep', 5),
	sums: sumsOfCosines([deepMatrix, deepMatrix])
};

describe('compareRuns', () => {
	const comparison = compareRuns([a, b], measure);

	it('gives each run its matrix, means and the place of its peak', () => {
		const [first] = comparison.runs;
		expect(first.matrix).toEqual([
			[1, 0.9, 0.4],
			[0.9, 1, 0.5],
			[0.4, 0.5, 1]
		]);
		expect(first.figures.nextLayer.value).toBeCloseTo(0.7, 12);
		expect(first.figures.pairs.value).toBeCloseTo(0.6, 12);
		// Of the pairs at depths 0.25 and 0.75 the first is the more alike.
		expect(first.figures.peakDepth.value).toBe(0.25);
		expect(first).toMatchObject({ run: 'run-a', letter: 'A', name: 'a', over: 'blocks' });
	});
	it('subtracts the second from the first, cell by cell', () => {
		const [pair] = comparison.pairs;
		expect(pair.map).toMatchObject({ size: 3, atDepth: false });
		expect(pair.map.difference).toEqual([
			[0, 0.2, 0],
			[0.2, 0, 0],
			[0, 0, 0]
		]);
		expect(pair.paired?.summary.nextLayer.value).toBeCloseTo(0.1, 12);
		expect(pair.paired?.cells).toEqual({ apart: 1, of: 3 });
	});
	it('says what the intervals support, and no more', () => {
		expect(comparison.summary).toEqual([
			'The largest difference: layers 0 and 1 attend more alike in a (0.900) than in b (0.700), by 0.200 (pointwise 95% CI 0.200 to 0.200).',
			'Mean similarity of neighbouring layers is higher in a than in b, by 0.100 (95% CI 0.100 to 0.100).',
			'Mean similarity over all pairs of layers is higher in a than in b, by 0.067 (95% CI 0.067 to 0.067).',
			'Adjacent layers of a are more similar than those of b at relative depth 0.00–0.70 (pointwise 95% CIs).',
			'Similarity of neighbouring layers peaks at relative depth 0.25 in a, 0.25 in b (95% CI).',
			'CIs are over blocks of neighbouring windows; they say nothing about other texts.',
			'With 2 windows they are rough, and most likely too narrow.'
		]);
	});
	it('answers with the two layers that differ most, of three runs as of two', () => {
		const lowest = {
			record: recordOf('c', 3),
			sums: sumsOfCosines([cosines(0.9, 0.4, 0.1), cosines(0.9, 0.4, 0.1)])
		};
		expect(compareRuns([a, b, lowest], measure).summary[0]).toBe(
			'The largest difference: layers 1 and 2 attend more alike in a (0.500) than in c (0.100), by 0.400 (pointwise 95% CI 0.400 to 0.400).'
		);
	});
	it('answers for models of unlike depth by their nearest layers, without an interval', () => {
		expect(compareRuns([a, deep], measure).summary[0]).toBe(
			'The largest difference: layers 0 and 1 of a attend more alike (0.900) than layers 0 and 2 of deep (0.500), by 0.400; models of unlike depth have no interval for single layers.'
		);
	});
	it('answers that nothing is settled where every interval holds 0', () => {
		const wavering = {
			...b,
			sums: sumsOfCosines([cosines(0.99, 0.4, 0.9), cosines(0.41, 0.4, 0.1)])
		};
		expect(compareRuns([a, wavering], measure).summary[0]).toBe(
			'No two layers attend clearly more alike in one of these models than in another on this text: every 95% CI of a difference contains 0.'
		);
	});
	it('names both models, so that no sentence of three runs comes twice', () => {
		const lowest = {
			record: recordOf('c', 3),
			sums: sumsOfCosines([cosines(0.5, 0.4, 0.5), cosines(0.5, 0.4, 0.5)])
		};
		const { summary } = compareRuns([a, b, lowest], measure);
		const adjacent = summary.filter((sentence) => sentence.startsWith('Adjacent layers of a'));
		expect(adjacent.map((sentence) => sentence.split(' at ')[0])).toEqual([
			'Adjacent layers of a are more similar than those of b',
			'Adjacent layers of a are more similar than those of c'
		]);
		expect(new Set(summary).size).toBe(summary.length);
	});
	it('states no difference whose interval holds 0', () => {
		const wavering = {
			...b,
			sums: sumsOfCosines([cosines(0.99, 0.4, 0.9), cosines(0.41, 0.4, 0.1)])
		};
		const words = compareRuns([a, wavering], measure).summary.join(' ');
		expect(words).toContain(
			'Mean similarity of neighbouring layers: no significant difference between a and b on this text'
		);
		expect(words).not.toContain('higher');
	});
	it('calls what rounding can account for alike, and tells nothing apart', () => {
		const exported = {
			record: recordOf('export', 3),
			sums: sumsOfCosines([cosines(0.9 + 2e-7, 0.4, 0.5), cosines(0.9 + 2e-7, 0.4, 0.5)])
		};
		const alike = compareRuns([a, exported], measure);
		expect(alike.pairs[0].paired?.cells).toEqual({ apart: 0, of: 3 });
		expect(alike.summary).toContain(
			'a and export attend alike: every similarity of two layers agrees to 0.0000002, which is rounding: as the same weights in two forms do.'
		);
		expect(alike.summary.join(' ')).not.toContain('higher');
	});
	it('says of two equal runs that they are the same', () => {
		const again = { ...a, record: recordOf('again', 3) };
		expect(compareRuns([a, again], measure).summary).toContain(
			'a and again attend alike: every similarity of two layers is the same.'
		);
	});
	it('tells a difference apart that is more than rounding', () => {
		const other = {
			record: recordOf('other', 3),
			sums: sumsOfCosines([cosines(0.9006, 0.4, 0.5), cosines(0.9006, 0.4, 0.5)])
		};
		const near = compareRuns([a, other], measure);
		expect(near.pairs[0].paired?.cells).toEqual({ apart: 1, of: 3 });
		expect(near.summary.join(' ')).toContain('higher in other than in a, by 0.0003');
	});
	it('lists only the facts that differ', () => {
		expect(comparison.differing).toEqual([
			{ group: 'model', title: 'name', values: ['a', 'b'] },
			{ group: 'model', title: 'model hash', values: ['aaaaaaaaaaaa', 'bbbbbbbbbbbb'] }
		]);
	});
	it('tells two runs of one model apart by their letters', () => {
		const again = { ...a, record: { ...a.record, id: 'run-c' } };
		expect(compareRuns([a, again], measure).runs.map(({ name }) => name)).toEqual([
			'a (A)',
			'a (B)'
		]);
	});
	it('compares every two of three runs', () => {
		const { pairs } = compareRuns([a, b, deep], measure);
		expect(pairs.map(({ first, second }) => [first, second])).toEqual([
			[0, 1],
			[0, 2],
			[1, 2]
		]);
	});
	it('lays models of different depth over one another at relative depth', () => {
		const { map, paired } = compareRuns([a, deep], measure).pairs[0];
		// Depths 0, 0.5 and 1 are layers 0, 2 and 4 of five.
		expect(map).toMatchObject({ size: 3, atDepth: true, low: null });
		expect(map.difference).toEqual([
			[0, 0.4, 0.2],
			[0.4, 0, -0.1],
			[0.2, -0.1, 0]
		]);
		expect(paired?.cells).toBeNull();
	});
	it('says why two runs are not paired', () => {
		const other = { ...b, record: { ...b.record, context: 16 } };
		const { pairs, summary } = compareRuns([a, other], measure);
		expect(pairs[0]).toMatchObject({
			paired: null,
			notPaired: 'the contexts differ (8 and 16 tokens)'
		});
		expect(summary).toContain(
			'No difference between a and b is stated: the contexts differ (8 and 16 tokens).'
		);
		const texts = [{ name: 'other.txt', sha256: '0'.repeat(64), characters: 100 }];
		const elsewhere = { ...b, record: { ...b.record, texts } };
		expect(compareRuns([a, elsewhere], measure).pairs[0].notPaired).toBe('the texts differ');
	});
	it('can be written as JSON and read again without loss', () => {
		expect(JSON.parse(JSON.stringify(comparison))).toEqual(comparison);
	});
	it('refuses fewer than two runs, too many, and a metric or view that a run lacks', () => {
		expect(() => compareRuns([a], measure)).toThrow('runs to compare: 1; choose two or more');
		expect(() => compareRuns(Array<CompareInput>(7).fill(a), measure)).toThrow(
			'runs to compare: 7; at most 6'
		);
		expect(() => compareRuns([a, b], { ...measure, metric: 'js' })).toThrow(
			'metric js: not measured in run run-a; it has cosine, cosine-mean. Choose one that all runs have, or analyse it again'
		);
		expect(() => compareRuns([a, b], { ...measure, view: 'no-sink' })).toThrow(
			'view no-sink: not measured in run run-a; it has all'
		);
	});
});
