import { groups } from 'd3-array';
import { AXIS_NAMES, savedFractions, type SavingAxis } from '../plan/axes.ts';
import { DTYPE_BYTES, type SavingsFacts } from '../plan/savings.ts';
import type { Sources } from '../plan/types.ts';
import type {
	AccuracyDrop,
	FrontPoint,
	PartLoss,
	PlanFigures,
	SearchReport
} from '../measure/search/types.ts';
import {
	rangeOf,
	type ChartPoint,
	type PointPlot,
	type PointSeries,
	type Rule
} from '../figure/plot.ts';
import { fencedRange } from '../figure/range.ts';
import type { ResultSummary } from '../measure/results/types.ts';
import { planWords } from '../text/plan.ts';
import {
	formatPercent,
	formatShortPercent,
	formatTick,
	formatTime,
	formatValue
} from '../text/number.ts';
import { lossText, withInterval } from '../text/interval.ts';

/** An evaluation of another time. */
export interface PastPlan {
	id: string;
	createdAt: string;
	/** The plan in short words. */
	plan: string;
	texts: readonly string[];
	figures: NonNullable<ResultSummary['evaluation']>;
}

/** Target of a point in the chart: a plan on the front, a named plan or a past evaluation. */
export type FrontTarget =
	| { of: 'front'; point: FrontPoint }
	| { of: 'plan'; plan: PlanFigures }
	| { of: 'past'; past: PastPlan };

/** In the order in which they are drawn: what both allow lies below what one alone finds as well. */
const KINDS: readonly Pick<PointSeries, 'name' | 'colour' | 'shape'>[] = [
	{ name: 'mixed', colour: 'var(--series-3)', shape: 'diamond' },
	{ name: 'share', colour: 'var(--series-1)', shape: 'circle' },
	{ name: 'drop', colour: 'var(--series-2)', shape: 'triangle' }
];
/** The front of both damages, text and recall. */
const KEEPS = {
	name: 'mixed, keeping recall',
	colour: 'var(--ink)',
	shape: 'diamond'
} as const;

/** Kinds of cost of a plan: loss on text, recall, or accuracy on the user's questions. */
export const COSTS = ['text', 'recall', 'accuracy'] as const;
export type CostShown = (typeof COSTS)[number];

/** The costs that a search measured. */
export function costsOf({ recall, tasks }: Pick<SearchReport, 'recall' | 'tasks'>): CostShown[] {
	return COSTS.filter(
		(cost) => cost === 'text' || (cost === 'recall' ? recall !== undefined : tasks !== undefined)
	);
}

/** Names for an increase in each cost. */
export const COST_NAMES: Readonly<Record<CostShown, string>> = {
	text: 'loss increase',
	recall: 'recall increase',
	accuracy: 'accuracy drop'
};

/** Measured costs of a plan, on the report part; those on recall and accuracy only if they were measured. */
type Costing = Pick<FrontPoint, 'report'> & {
	recall?: { report: PartLoss };
	accuracy?: { report: AccuracyDrop };
};

export interface FrontChart {
	series: PointSeries[];
	rules: Rule[];
	/** By the id of a point. */
	targets: ReadonlyMap<string, FrontTarget>;
}

/**
 * The Pareto front on an axis: what is saved, predicted, against the loss increase on the report part, measured, on text or on
 * a passage that comes again, or the accuracy lost on the user's questions; with the named plans that were measured so and,
 * on text, random plans and past evaluations of the model.
 */
export function frontChart(
	report: SearchReport,
	axis: SavingAxis,
	model: SavingsFacts,
	context: number,
	past: readonly PastPlan[],
	cost: CostShown = 'text'
): FrontChart {
	const targets = new Map<string, FrontTarget>();
	const point = (id: string, target: FrontTarget, rest: Omit<ChartPoint, 'id'>): ChartPoint => {
		targets.set(id, target);
		return { id, ...rest };
	};
	const saved = (sources: Sources) =>
		savedFractions(model, sources, { context, batch: 1, elementBytes: DTYPE_BYTES.f32 })[axis];
	const savedText = (value: number) => `${formatPercent(value)} of ${AXIS_NAMES[axis]}`;

	const costOf = ({ report: text, recall, accuracy }: Costing): PartLoss | undefined => {
		if (cost === 'text') return text;
		if (cost === 'recall') return recall?.report;
		return accuracy && { ...accuracy.report, loss: accuracy.report.value };
	};
	const costs = (found: PartLoss) =>
		cost === 'accuracy'
			? `loses ${withInterval(found.loss, found, (each) => formatPercent(each))} of accuracy`
			: `adds ${lossText(found)} nats/token`;
	const looks = report.front.some(({ weight }) => weight !== undefined) ? [...KINDS, KEEPS] : KINDS;
	const fronts = looks.map((look): PointSeries => ({
		...look,
		joined: axis === report.target.axis,
		points: report.front
			.map((each, index) => ({ each, id: `front ${index}` }))
			.filter(({ each }) =>
				look === KEEPS
					? each.weight !== undefined
					: each.kind === look.name && each.weight === undefined
			)
			.sort((a, b) => a.each.savings[axis] - b.each.savings[axis])
			.flatMap(({ each, id }) => {
				const found = costOf(each);
				if (found === undefined) return [];
				return [
					point(
						id,
						{ of: 'front', point: each },
						{
							x: each.savings[axis],
							y: found.loss,
							low: found.low,
							high: found.high,
							title: `Front, ${look.name}: ${planWords(each.sources)}. Saves ${savedText(each.savings[axis])}, ${costs(found)}`
						}
					)
				];
			})
	}));
	const plans = alike(report.plans).flatMap(({ plan, names }) => {
		const found = costOf(plan);
		if (found === undefined) return [];
		return [
			point(
				`plan ${plan.name}`,
				{ of: 'plan', plan },
				{
					x: plan.savings[axis],
					y: found.loss,
					low: found.low,
					high: found.high,
					label: names,
					marked: names.split(', ').includes(report.verdict.plan ?? ''),
					title: `${names}: ${planWords(plan.sources)}. Saves ${savedText(plan.savings[axis])}, ${costs(found)}`
				}
			)
		];
	});
	const onText = cost === 'text';
	const evaluations = (onText ? past : []).map((each) => {
		const { sources, loss, low, high } = each.figures;
		return point(
			`past ${each.id}`,
			{ of: 'past', past: each },
			{
				x: saved(sources),
				y: loss,
				low,
				high,
				title: `Evaluated ${formatTime(each.createdAt)} on ${each.texts.join(', ')}: ${each.plan}. Saves ${savedText(saved(sources))}, adds ${lossText(each.figures)} nats/token`
			}
		);
	});
	return {
		series: [
			{
				name: 'random plans',
				colour: 'var(--ink-3)',
				shape: 'dash',
				faint: true,
				points: (onText ? report.random.plans : []).map(({ sources, report: loss }, index) => ({
					id: `random ${index}`,
					x: saved(sources),
					y: loss,
					title: ''
				}))
			},
			...fronts.map((each) => ({ ...each, name: `front: ${each.name}` })),
			{
				name: 'named plans',
				colour: 'var(--series-4)',
				shape: 'square',
				points: plans
			},
			{
				name: 'past evaluations',
				colour: 'var(--ink-2)',
				shape: 'cross',
				points: evaluations
			}
		],
		rules: rulesOf(report, axis, cost),
		targets
	};
}

/**
 * The chart on its axes: around what plans are compared at, where those that matter lie, rather than around all that the
 * front spans; what lies beyond stands at the edge as an arrow. Without a budget on the axis: around all points.
 */
export function frontPlot(
	{ series, rules }: FrontChart,
	{ target }: Pick<SearchReport, 'target'>,
	axis: SavingAxis,
	cost: CostShown,
	whole = false
): PointPlot {
	const points = series.flatMap((each) => each.points);
	const saved = points.map(({ x }) => x);
	const [from, to] = rangeOf(saved, [0]);
	const budget = axis === target.axis && target.share > 0 && !whole ? target.share : null;
	const x: [number, number] =
		budget === null
			? [from, Math.min(1, to)]
			: [0, Math.min(1, rangeOf([budget * AROUND_BUDGET], [0])[1])];
	const near = points.filter((point) => point.x >= x[0] && point.x <= x[1]);
	return {
		...{ series: apart(series, x[1] - x[0]), rules, x },
		...(budget !== null && near.length > 0 && { y: nearRange(near) }),
		beyond: budget !== null,
		xTitle: `saved of the ${AXIS_NAMES[axis]} (predicted)`,
		yTitle: cost === 'accuracy' ? COST_NAMES[cost] : `${COST_NAMES[cost]} (nats/token)`,
		xFormat: (value) => formatShortPercent(value),
		yFormat:
			cost === 'accuracy' ? (value) => formatShortPercent(value) : (value) => formatTick(value)
	};
}

/** Points whose savings differ by less than this fraction of the axis stand in one place. */
const ONE_PLACE = 0.012;

/**
 * Named plans and past evaluations beside one another where they save alike and their intervals overlap, so that each
 * interval is seen. The front stays in its place, where its line is.
 */
function apart(series: readonly PointSeries[], across: number): PointSeries[] {
	const stays = ({ joined, faint }: PointSeries) => joined === true || faint === true;
	const seen: ChartPoint[] = series.flatMap((each) => (each.joined === true ? each.points : []));
	const moved = (point: ChartPoint): ChartPoint => {
		const near = seen.filter(
			(other) => Math.abs(other.x - point.x) < ONE_PLACE * across && meet(point, other)
		);
		const aside = PLACES.find((place) => near.every((other) => (other.aside ?? 0) !== place)) ?? 0;
		const at = aside === 0 ? point : { ...point, aside };
		seen.push(at);
		return at;
	};
	return series.map((each) => (stays(each) ? each : { ...each, points: each.points.map(moved) }));
}

/** Offsets at which a point may stand beside its place, in symbols, nearest first. */
const PLACES = [0, 1, -1, 2, -2, 3, -3, 4, -4];

/** Returns true if the intervals of two points overlap in height; a point without one counts by itself. */
function meet(a: ChartPoint, b: ChartPoint): boolean {
	return (a.low ?? a.y) <= (b.high ?? b.y) && (b.low ?? b.y) <= (a.high ?? a.y);
}

/** The axis of savings ends at so many times the budget. */
const AROUND_BUDGET = 1.6;

/** A range of losses that holds 0 and the bulk of the points, and all that bear a name by their order among these. */
function nearRange(points: readonly ChartPoint[]): [number, number] {
	const [low, high] = fencedRange(points.map(({ y }) => y));
	return rangeOf([low, high], [0]);
}

/** Plans that are one and the same on the chart, under all of their names. */
function alike(plans: readonly PlanFigures[]): { plan: PlanFigures; names: string }[] {
	const same = groups(plans, ({ sources, report }) => `${sources.join()} ${report.loss}`);
	return same.map(([, group]) => ({
		plan: group[0],
		names: group.map(({ name }) => name).join(', ')
	}));
}

function rulesOf(
	{ target, goal, recall, tasks }: SearchReport,
	axis: SavingAxis,
	cost: CostShown
): Rule[] {
	return [
		{ axis: 'y', at: 0, label: '' },
		...(axis === target.axis
			? [
					{
						axis: 'x' as const,
						at: target.share,
						label: `budget ${formatShortPercent(target.share)}`,
						dashed: true
					}
				]
			: []),
		...(cost === 'recall' && recall !== undefined
			? [{ axis: 'y' as const, at: recall.limit, label: 'most allowed', dashed: true }]
			: []),
		...(cost === 'accuracy' && tasks !== undefined
			? [{ axis: 'y' as const, at: tasks.limit, label: 'most allowed', dashed: true }]
			: []),
		...(cost === 'text' && goal.kind === 'loss'
			? [{ axis: 'y' as const, at: goal.maxLossIncrease, label: 'most allowed', dashed: true }]
			: [])
	];
}

/** Spans by the cheap shortlist against their measured damage. */
export function shortlistSeries({ shortlist }: SearchReport): PointSeries[] {
	return [
		{
			name: 'spans',
			colour: 'var(--series-1)',
			shape: 'circle',
			points: shortlist.spans.flatMap(({ source, last, cheap, measured }) =>
				measured === null
					? []
					: [
							{
								id: `${source}–${last}`,
								x: cheap,
								y: measured,
								title: `Layers ${source}–${last}: shortlist ${formatValue(cheap)}, measured ${formatValue(measured)} nats/token`
							}
						]
			)
		}
	];
}
