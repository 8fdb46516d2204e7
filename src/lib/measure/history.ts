import type { ResultSummary } from '$analysis/measure/results/types.ts';
import type { ChartPoint, PointSeries, Rule } from '$analysis/figure/plot.ts';
import { formatTime } from '$analysis/text/number.ts';
import { lossText } from '$analysis/text/interval.ts';
import { planWords } from '$analysis/text/plan.ts';

/** A stored evaluation, and how it stands to the one before it of the same plan on the same texts. */
export interface PastEvaluation {
	id: string;
	createdAt: string;
	/** The plan in short words. */
	plan: string;
	texts: string[];
	context: number;
	windows: number;
	figures: NonNullable<ResultSummary['evaluation']>;
	/** 'worse': its interval lies wholly above that of `before`; 'better': wholly below. */
	change: 'worse' | 'better' | null;
	before: PastEvaluation | null;
}

/** Past evaluations, newest first as the results are. */
export function pastEvaluations(results: readonly ResultSummary[]): PastEvaluation[] {
	const last = new Map<string, PastEvaluation>();
	return results
		.toReversed()
		.flatMap((result) => {
			const { id, createdAt, texts, context, windows, evaluation: figures } = result;
			if (figures === null) return [];
			const { sources, repaired } = figures;
			const key = JSON.stringify([figures.plan, texts.toSorted()]);
			const before = last.get(key) ?? null;
			const past: PastEvaluation = {
				id,
				createdAt,
				plan: planWords(sources) + (repaired ? ', repaired' : ''),
				texts,
				context,
				windows,
				figures,
				change: before === null ? null : changeOf(before.figures, figures),
				before
			};
			last.set(key, past);
			return [past];
		})
		.reverse();
}

type Bounds = Pick<PastEvaluation['figures'], 'low' | 'high'>;

function changeOf(before: Bounds, now: Bounds): PastEvaluation['change'] {
	if (before.high !== null && now.low !== null && now.low > before.high) return 'worse';
	if (before.low !== null && now.high !== null && now.high < before.low) return 'better';
	return null;
}

/** "worse than on 2026-11-23 09:20: +0.219 [+0.200, +0.240]"; null where nothing changed for certain. */
export function changeText({ change, before }: PastEvaluation): string | null {
	if (change === null || before === null) return null;
	return `${change} than on ${formatTime(before.createdAt)}: ${lossText(before.figures)}`;
}

/** The loss increase over time, oldest left, evenly spaced; marked where it changed for certain. */
export function historyChart(past: readonly PastEvaluation[]): {
	series: PointSeries[];
	rules: Rule[];
	x: readonly [number, number];
	xTicks: { at: number; label: string }[];
} {
	const oldestFirst = past.toReversed();
	const pointsOf = (change: PastEvaluation['change']): ChartPoint[] =>
		oldestFirst.flatMap((each, index) => {
			if (each.change !== change) return [];
			const { loss, low, high } = each.figures;
			const words = [
				`${formatTime(each.createdAt)}: ${each.plan}, ${lossText(each.figures)} nats/token on ${each.texts.join(', ')}`,
				changeText(each)
			];
			return [
				{
					id: each.id,
					x: index,
					y: loss,
					low,
					high,
					title: words.filter((part) => part !== null).join('; '),
					marked: change === 'worse'
				}
			];
		});
	const ends = oldestFirst.length > 2 ? [0, oldestFirst.length - 1] : oldestFirst.keys();
	return {
		series: [
			{
				name: 'evaluated',
				colour: 'var(--series-1)',
				shape: 'circle',
				points: pointsOf(null)
			},
			{
				name: 'worse than before',
				colour: 'var(--series-2)',
				shape: 'triangle',
				points: pointsOf('worse')
			},
			{
				name: 'better than before',
				colour: 'var(--series-3)',
				shape: 'diamond',
				points: pointsOf('better')
			}
		],
		rules: [{ axis: 'y', at: 0, label: '' }],
		x: [-0.5, Math.max(0.5, oldestFirst.length - 0.5)],
		xTicks: [...ends].map((at) => ({ at, label: formatTime(oldestFirst[at].createdAt) }))
	};
}
