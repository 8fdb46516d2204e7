import { describe, expect, it } from 'vitest';
import type { Sources } from '$analysis/plan/types.ts';
import type { PlanFigures, SearchReport } from '$analysis/measure/search/types.ts';
import { frontCsv } from './csv.ts';
import { costsOf, frontChart, frontPlot, shortlistSeries } from '$analysis/publish/front.ts';

const model = {
	layers: 4,
	heads: 2,
	kvHeads: 2,
	headDim: 4,
	hidden: 8,
	intermediate: 16,
	vocab: 32,
	reach: [null, null, null, null],
	qkvBias: false,
	outputBias: false,
	qkNorm: false,
	parameters: 4000
};
const savings = (fraction: number) => ({
	kCache: fraction * 2,
	kvCache: fraction,
	parameters: fraction / 4,
	prefillFlops: fraction / 5,
	decodeBytes: fraction / 6
});
const loss = (value: number) => ({ loss: value, low: value / 2, high: value * 2 });
const plan = (name: string, sources: Sources, fraction: number, report: number) =>
	({
		name,
		kind: 'share',
		sources,
		savings: savings(fraction),
		report: loss(report)
	}) as PlanFigures;

const report = {
	verdict: { kind: 'drop', plan: 'drop', sentence: '' },
	goal: { kind: 'loss', maxLossIncrease: 0.2 },
	target: { axis: 'kvCache', share: 0.25 },
	plans: [
		plan('share', [0, 0, 2, 2], 0.25, 0.3),
		plan('drop', [0, null, 2, 3], 0.25, 0.1),
		plan('mixed', [0, null, 2, 3], 0.25, 0.1)
	],
	random: { plans: [{ sources: [0, 1, null, 3], report: 0.5 }], beaten: 1 },
	front: [
		{
			kind: 'share',
			sources: [0, 0, 2, 2],
			savings: savings(0.25),
			report: loss(0.3),
			sumOfParts: 0.2
		},
		{
			kind: 'share',
			sources: [0, 0, 2, 3],
			savings: savings(0.125),
			report: loss(0.1),
			sumOfParts: 0.1
		},
		{
			kind: 'drop',
			sources: [0, null, 2, 3],
			savings: savings(0.25),
			report: loss(0.1),
			sumOfParts: 0.1
		}
	],
	shortlist: {
		spans: [
			{ source: 0, last: 1, cheap: 0.1, measured: 0.2 },
			{ source: 0, last: 2, cheap: 0.3, measured: null }
		],
		rho: null
	}
} as unknown as SearchReport;
const past = {
	id: 'e-1',
	createdAt: '2026-11-23T09:00:00.000Z',
	plan: '1←0',
	texts: ['a.txt'],
	context: 64,
	windows: 4,
	figures: {
		sources: [0, 0, 2, 3],
		repaired: false,
		plan: '',
		loss: 0.15,
		low: null,
		high: null,
		baseline: 3,
		agreement: 0.9,
		recall: null,
		gates: null
	},
	change: null,
	before: null
};
const chartOn = (axis: 'kvCache' | 'kCache') => frontChart(report, axis, model, 64, [past]);
const pointsOf = (axis: 'kvCache' | 'kCache', name: string) =>
	chartOn(axis).series.find((each) => each.name === name)?.points ?? [];

describe('the Pareto chart', () => {
	it('has what is saved on the axis against the loss of the report part, by kind, from left to right', () => {
		expect(pointsOf('kvCache', 'front: share').map(({ x, y, low }) => [x, y, low])).toEqual([
			[0.125, 0.1, 0.05],
			[0.25, 0.3, 0.15]
		]);
		expect(pointsOf('kCache', 'front: share').map(({ x }) => x)).toEqual([0.25, 0.5]);
		expect(pointsOf('kvCache', 'front: drop')).toHaveLength(1);
		expect(pointsOf('kvCache', 'front: mixed')).toEqual([]);
	});
	it('joins the front on the axis that it was made on, and on no other', () => {
		const joined = (axis: 'kvCache' | 'kCache') =>
			chartOn(axis).series.find(({ name }) => name === 'front: share')?.joined;
		expect([joined('kvCache'), joined('kCache')]).toEqual([true, false]);
	});
	it('names plans that are the same once, and marks the chosen one', () => {
		expect(pointsOf('kvCache', 'named plans').map(({ label, marked }) => [label, marked])).toEqual([
			['share', false],
			['drop, mixed', true]
		]);
	});
	it('counts what past evaluations and random plans save: a follower half a layer of KV, a dropped one all', () => {
		const [evaluated] = pointsOf('kvCache', 'past evaluations');
		expect([evaluated.x, evaluated.y, evaluated.low]).toEqual([0.125, 0.15, null]);
		const [random] = pointsOf('kvCache', 'random plans');
		expect([random.x, random.y]).toEqual([0.25, 0.5]);
	});
	it('draws what plans are compared at on its axis alone, and the loss allowed on all', () => {
		const rules = (axis: 'kvCache' | 'kCache') =>
			chartOn(axis).rules.map((rule) => [rule.axis, rule.at]);
		expect(rules('kvCache')).toEqual([
			['y', 0],
			['x', 0.25],
			['y', 0.2]
		]);
		expect(rules('kCache')).toEqual([
			['y', 0],
			['y', 0.2]
		]);
	});
	it('sets plans that save alike beside one another where their intervals meet, the front in its place', () => {
		const plot = frontPlot(chartOn('kvCache'), report, 'kvCache', 'text');
		const asides = (name: string) =>
			plot.series.find((each) => each.name === name)?.points.map(({ id, aside }) => [id, aside]);
		expect(asides('front: share')).toEqual([
			['front 1', undefined],
			['front 0', undefined]
		]);
		// The interval of either meets the front's, and the two meet.
		expect(asides('named plans')).toEqual([
			['plan share', 1],
			['plan drop', -1]
		]);
	});
	it('knows what each point stands for', () => {
		const { targets } = chartOn('kvCache');
		expect(targets.get('plan share')).toMatchObject({ of: 'plan', plan: { name: 'share' } });
		expect(targets.get('front 2')).toMatchObject({ of: 'front', point: { kind: 'drop' } });
		expect(targets.get('past e-1')).toMatchObject({ of: 'past', past: { id: 'e-1' } });
		expect(targets.has('random 0')).toBe(false);
	});
	it('is a CSV of a line a plan', () => {
		const lines = frontCsv(report).trim().split('\n');
		expect(lines).toHaveLength(1 + 3 + 3 + 1);
		expect(lines[1]).toBe(
			'front,,share,"1←0, 3←2",0.5,0.25,0.0625,0.05,0.041666666666666664,0.3,0.15,0.6,,,,,,'
		);
		expect(lines.at(-1)).toBe('random,,,dropped: 2,,,,,,0.5,,,,,,,,');
	});
});

it('the shortlist shows spans that were measured', () => {
	const [{ points }] = shortlistSeries(report);
	expect(points.map(({ id, x, y }) => [id, x, y])).toEqual([['0–1', 0.1, 0.2]]);
});

it('against recall has what was measured of it, without random plans, and the front that keeps it apart', () => {
	const part = { loss: 1.5, low: 1, high: 2 };
	const [first] = report.front;
	const kept = { ...first, weight: 0.1, recall: { sumOfParts: 0.1, report: part } };
	const { series } = frontChart(
		{ ...report, front: [...report.front, kept] },
		'kvCache',
		model,
		8,
		[],
		'recall'
	);
	const points = (name: string) => series.find((each) => each.name === name)?.points ?? [];
	expect(points('front: mixed, keeping recall').map(({ y }) => y)).toEqual([1.5]);
	expect(points('front: share')).toEqual([]);
	expect(points('random plans')).toEqual([]);
});

describe('against accuracy', () => {
	const lost = { report: { value: 0.04, low: 0.01, high: 0.07 } };
	const [first, ...rest] = report.front;
	const [plan, ...others] = report.plans;
	const asked = {
		...report,
		front: [{ ...first, accuracy: lost }, ...rest],
		plans: [{ ...plan, accuracy: { choose: lost.report, report: lost.report } }, ...others],
		tasks: {
			limit: 0.02,
			questions: { choose: 8, report: 8 },
			baseline: { choose: 0.5, report: 0.5 },
			interval: { choose: 'blocks' as const, report: 'blocks' as const },
			without: null
		}
	};

	it('has the plans that were asked, what they lose in percent, and the limit', () => {
		const chart = frontChart(asked, 'kvCache', model, 8, [], 'accuracy');
		const drawn = chart.series.filter(({ points }) => points.length > 0);
		expect(drawn.map(({ name }) => name)).toEqual(['front: share', 'named plans']);
		const [[point]] = drawn.map(({ points }) => points);
		expect(point).toMatchObject({ y: 0.04, low: 0.01, high: 0.07 });
		expect(point.title).toContain('loses 4.0% [1.0%, 7.0%] of accuracy');
		expect(chart.rules).toContainEqual(
			expect.objectContaining({ axis: 'y', at: 0.02, label: 'most allowed' })
		);
		const plot = frontPlot(chart, asked, 'kvCache', 'accuracy');
		expect([plot.yTitle, plot.yFormat(0.04)]).toEqual(['accuracy drop', '4%']);
	});

	it('is offered where questions were asked, as recall is where it was measured', () => {
		expect(costsOf(report)).toEqual(['text']);
		expect(costsOf(asked)).toEqual(['text', 'accuracy']);
	});

	it('stands in the CSV', () => {
		const [header, line] = frontCsv(asked).split('\n');
		expect(header).toMatch(/,accuracy drop,accuracy low,accuracy high$/);
		expect(line).toMatch(/,0\.04,0\.01,0\.07$/);
	});
});
