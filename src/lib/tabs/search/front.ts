import { groups } from 'd3-array';
import { AXIS_NAMES, savedShares, type SavingAxis } from '$analysis/plan/axes.ts';
import { DTYPE_BYTES, type SavingsFacts } from '$analysis/plan/savings.ts';
import type { Sources } from '$analysis/plan/types.ts';
import type { FrontPoint, PlanFigures, SearchReport } from '$analysis/measure/search/types.ts';
import type { ChartPoint, PointSeries, Rule } from '../../chart/points.ts';
import type { PastEvaluation } from '../../measure/history.ts';
import { planWords } from '$analysis/text/plan.ts';
import { formatPercent, formatTime } from '$analysis/text/number.ts';
import { lossText } from '$analysis/text/interval.ts';

/** What a point of the chart stands for. */
export type FrontTarget =
	| { of: 'front'; point: FrontPoint }
	| { of: 'plan'; plan: PlanFigures }
	| { of: 'past'; past: PastEvaluation };

/** In the order in which they are drawn: what both allow lies below what one alone finds as well. */
const KINDS: readonly Pick<PointSeries, 'name' | 'colour' | 'paper' | 'shape'>[] = [
	{ name: 'mixed', colour: 'var(--series-3)', paper: '#237a57', shape: 'diamond' },
	{ name: 'share', colour: 'var(--series-1)', paper: '#1f5fa8', shape: 'circle' },
	{ name: 'drop', colour: 'var(--series-2)', paper: '#b4530a', shape: 'triangle' }
];

export interface FrontChart {
	series: PointSeries[];
	rules: Rule[];
	/** By the id of a point. */
	targets: ReadonlyMap<string, FrontTarget>;
}

/**
 * The Pareto front on an axis: what is saved, predicted, against the loss added on the report part, measured;
 * with the named plans, random plans and past evaluations of the model.
 */
export function frontChart(
	report: SearchReport,
	axis: SavingAxis,
	model: SavingsFacts,
	context: number,
	past: readonly PastEvaluation[]
): FrontChart {
	const targets = new Map<string, FrontTarget>();
	const point = (id: string, target: FrontTarget, rest: Omit<ChartPoint, 'id'>): ChartPoint => {
		targets.set(id, target);
		return { id, ...rest };
	};
	const saved = (sources: Sources) =>
		savedShares(model, sources, { context, batch: 1, elementBytes: DTYPE_BYTES.f32 })[axis];
	const share = (value: number) => `${formatPercent(value)} of ${AXIS_NAMES[axis]}`;

	const fronts = KINDS.map((look): PointSeries => ({
		...look,
		joined: axis === report.target.axis,
		points: report.front
			.map((each, index) => ({ each, id: `front ${index}` }))
			.filter(({ each }) => each.kind === look.name)
			.sort((a, b) => a.each.savings[axis] - b.each.savings[axis])
			.map(({ each, id }) =>
				point(
					id,
					{ of: 'front', point: each },
					{
						x: each.savings[axis],
						y: each.report.loss,
						low: each.report.low,
						high: each.report.high,
						title: `Front, ${each.kind}: ${planWords(each.sources)}. Saves ${share(each.savings[axis])}, adds ${lossText(each.report)} nats/token`
					}
				)
			)
	}));
	const plans = alike(report.plans).map(({ plan, names }) =>
		point(
			`plan ${plan.name}`,
			{ of: 'plan', plan },
			{
				x: plan.savings[axis],
				y: plan.report.loss,
				low: plan.report.low,
				high: plan.report.high,
				label: names,
				marked: names.split(', ').includes(report.verdict.plan ?? ''),
				title: `${names}: ${planWords(plan.sources)}. Saves ${share(plan.savings[axis])}, adds ${lossText(plan.report)} nats/token`
			}
		)
	);
	const evaluations = past.map((each) => {
		const { sources, loss, low, high } = each.figures;
		return point(
			`past ${each.id}`,
			{ of: 'past', past: each },
			{
				x: saved(sources),
				y: loss,
				low,
				high,
				title: `Evaluated ${formatTime(each.createdAt)} on ${each.texts.join(', ')}: ${each.plan}. Saves ${share(saved(sources))}, adds ${lossText(each.figures)} nats/token`
			}
		);
	});
	return {
		series: [
			{
				name: 'random plans',
				colour: 'var(--ink-3)',
				paper: '#858d97',
				shape: 'dash',
				faint: true,
				points: report.random.plans.map(({ sources, report: loss }, index) => ({
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
				paper: '#7d3c98',
				shape: 'square',
				points: plans
			},
			{
				name: 'past evaluations',
				colour: 'var(--ink-2)',
				paper: '#555d66',
				shape: 'cross',
				points: evaluations
			}
		],
		rules: rulesOf(report, axis),
		targets
	};
}

/** Plans that are one and the same on the chart, under all of their names. */
function alike(plans: readonly PlanFigures[]): { plan: PlanFigures; names: string }[] {
	const same = groups(plans, ({ sources, report }) => `${sources.join()} ${report.loss}`);
	return same.map(([, group]) => ({
		plan: group[0],
		names: group.map(({ name }) => name).join(', ')
	}));
}

function rulesOf({ target, goal }: SearchReport, axis: SavingAxis): Rule[] {
	return [
		{ axis: 'y', at: 0, label: '' },
		...(axis === target.axis
			? [{ axis: 'x' as const, at: target.share, label: 'compared at', dashed: true }]
			: []),
		...(goal.kind === 'loss'
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
			paper: '#1f5fa8',
			shape: 'circle',
			points: shortlist.spans.flatMap(({ source, last, cheap, measured }) =>
				measured === null
					? []
					: [
							{
								id: `${source}–${last}`,
								x: cheap,
								y: measured,
								title: `Layers ${source}–${last}: shortlist ${cheap.toFixed(3)}, measured ${measured.toFixed(3)} nats/token`
							}
						]
			)
		}
	];
}
