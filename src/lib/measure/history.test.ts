import { describe, expect, it } from 'vitest';
import type { ResultSummary } from '$analysis/measure/results/types.ts';
import { changeText, historyChart, pastEvaluations } from './history.ts';

function summary(
	id: string,
	minute: number,
	[loss, low, high]: [number, number | null, number | null],
	more: { sources?: number[]; repaired?: boolean; texts?: string[] } = {}
): ResultSummary {
	return {
		id,
		kind: 'evaluate',
		createdAt: new Date(2026, 10, 23, 9, minute).toISOString(),
		model: { name: 'tiny', hash: '00' },
		texts: more.texts ?? ['a.txt'],
		context: 64,
		windows: 8,
		words: '',
		evaluation: {
			sources: more.sources ?? [0, 0, 2],
			repaired: more.repaired ?? false,
			plan: JSON.stringify([more.sources ?? [0, 0, 2], more.repaired ?? false]),
			loss,
			low,
			high,
			baseline: 3,
			agreement: 0.8,
			recall: null,
			gates: null
		},
		bench: null,
		tasks: null,
		search: null,
		damage: null,
		tune: null
	};
}
const marks = (results: ResultSummary[]) =>
	pastEvaluations(results).map(({ id, change }) => [id, change]);

describe('the history of evaluations', () => {
	it('marks one whose interval lies above that of the previous of the same plan and text', () => {
		expect(
			marks([
				summary('d', 4, [0.1, 0.05, 0.15]),
				summary('c', 3, [0.35, 0.31, 0.4]),
				summary('b', 2, [0.25, 0.2, 0.3]),
				summary('a', 1, [0.2, 0.15, 0.25])
			])
		).toEqual([
			['d', 'better'],
			['c', 'worse'],
			['b', null],
			['a', null]
		]);
	});
	it('compares neither other plans nor other texts, whatever stands between', () => {
		expect(
			marks([
				summary('d', 4, [0.9, 0.8, 1]),
				summary('c', 3, [0.9, 0.8, 1], { sources: [0, 1, 1] }),
				summary('b', 2, [0.9, 0.8, 1], { texts: ['b.txt'] }),
				summary('a', 1, [0.2, 0.1, 0.3])
			])
		).toEqual([
			['d', 'worse'],
			['c', null],
			['b', null],
			['a', null]
		]);
	});
	it('takes a repaired plan for another than the same plan as it is, and says so', () => {
		const past = pastEvaluations([
			summary('c', 3, [0.9, 0.8, 1]),
			summary('b', 2, [0.2, 0.1, 0.3], { repaired: true }),
			summary('a', 1, [0.9, 0.8, 1])
		]);
		expect(past.map(({ plan, change, before }) => [plan, change, before?.id])).toEqual([
			['1←0', null, 'a'],
			['1←0, repaired', null, undefined],
			['1←0', null, undefined]
		]);
	});
	it('marks nothing where there is no interval, or where intervals only touch', () => {
		expect(marks([summary('b', 2, [9, null, null]), summary('a', 1, [0, 0, 0])])).toEqual([
			['b', null],
			['a', null]
		]);
		expect(marks([summary('b', 2, [3, 2, 4]), summary('a', 1, [1, 0, 2])])).toEqual([
			['b', null],
			['a', null]
		]);
	});
	it('says what it was before', () => {
		const [now] = pastEvaluations([summary('b', 2, [9, 8, 10]), summary('a', 1, [0.2, 0.1, 0.3])]);
		expect(changeText(now)).toBe('worse than on 2026-11-23 09:01: +0.200 [+0.100, +0.300]');
	});
	it('passes over searches and damage maps', () => {
		expect(pastEvaluations([{ ...summary('a', 1, [1, 1, 1]), evaluation: null }])).toEqual([]);
	});
	it('is drawn oldest first, with ends of time and the worse ones apart', () => {
		const { series, x, xTicks } = historyChart(
			pastEvaluations([
				summary('c', 3, [0.1, 0, 0.2]),
				summary('b', 2, [0.9, 0.8, 1]),
				summary('a', 1, [0.2, 0.1, 0.3])
			])
		);
		expect(series.map(({ points }) => points.map(({ id, x: at }) => [id, at]))).toEqual([
			[['a', 0]],
			[['b', 1]],
			[['c', 2]]
		]);
		expect(x).toEqual([-0.5, 2.5]);
		expect(xTicks.map(({ at }) => at)).toEqual([0, 2]);
	});
});
