import { changeOf, contradicts } from './change.ts';
import type { BenchReport, PlanCost, RatioSpread } from './benchTypes.ts';
import type { Spread } from '../../statistics/figures.ts';
import { csv } from '../../text/csv.ts';
import { lossText } from '../../text/interval.ts';
import { formatPercent, formatSigned, formatTimes, formatValue } from '../../text/number.ts';
import { BENCH_FIGURES, type BenchFigure } from './figures.ts';
import { measuredRatio } from './words.ts';

/** A number and, in smaller type below it, its quartiles or what it is of; those are empty where there are none. */
export interface TwoLines {
	main: string;
	below: string;
}

/** A ratio with its 95% interval, or the quartiles of too few rounds; all the same of a single number. */
interface RatioEnds {
	middle: number;
	low: number;
	high: number;
}

/** One figure of both models, as a table shows it. */
export interface BenchRow {
	figure: BenchFigure;
	baseline: TwoLines;
	planned: TwoLines;
	/** Planned ÷ baseline: "×0.887", "0.866–0.918"; the latter its 95% interval, or the quartiles of too few rounds. */
	ratio: TwoLines & RatioEnds;
	/** Effect of the plan on the figure; null: not certain, as after a few rounds, or the same. */
	verdict: 'better' | 'worse' | null;
	/** "−5.2%", "FLOPs". */
	predicted: TwoLines;
}

/** Both models side by side. */
export function benchRows(report: BenchReport): BenchRow[] {
	const { baseline, planned, predicted } = report;
	return BENCH_FIGURES.map((figure) => {
		const measured = measuredRatio(figure, report);
		const ends = endsOf(measured.ratio);
		const change = changeOf(measured);
		return {
			figure,
			baseline: spreadText(figure.of(baseline), figure.format),
			planned: spreadText(figure.of(planned), figure.format),
			ratio: {
				// Beside medians that point the other way, a number would only contradict them.
				main: contradicts(measured) ? figure.words.same : formatTimes(ends.middle, 3),
				below: ends.low < ends.high ? rangeText(formatValue(ends.low), formatValue(ends.high)) : '',
				...ends
			},
			verdict:
				change === 'none' || change === 'too few rounds'
					? null
					: change === figure.better
						? 'better'
						: 'worse',
			predicted: {
				main: formatSigned(-figure.predicted.fraction(predicted), formatPercent),
				below: figure.predicted.of
			}
		};
	});
}

/** Row of a table of the plan's cost: a loss of both models and the increase, nats/token. */
export interface CostRow {
	name: string;
	about: string;
	baseline: string;
	planned: string;
	/** "+0.036 [+0.010, +0.061]": paired by window, 95% interval. */
	increase: string;
}

/** Loss on text, and recall where it was measured; none where the cost was not. */
export function costRows({ cost = null }: Pick<BenchReport, 'cost'>): CostRow[] {
	return costFigures(cost).map(({ name, about, figures: { baseline, planned, delta } }) => ({
		...{ name, about },
		baseline: formatValue(baseline),
		planned: formatValue(planned),
		increase: lossText(delta)
	}));
}

function costFigures(cost: PlanCost | null) {
	if (cost === null) return [];
	const { text, recall } = cost;
	return [
		{ name: 'loss on text', about: 'Nats/token on windows of text', figures: text },
		...(recall === undefined
			? []
			: [
					{
						name: 'recall',
						about: 'Nats/token on the second copy of a passage that comes again',
						figures: recall
					}
				])
	];
}

function endsOf(ratio: RatioSpread | number): RatioEnds {
	if (typeof ratio === 'number') return { middle: ratio, low: ratio, high: ratio };
	const { median: middle, q25, q75, low, high } = ratio;
	return low == null || high == null ? { middle, low: q25, high: q75 } : { middle, low, high };
}

function spreadText(value: Spread | number, format: (value: number) => string): TwoLines {
	if (typeof value === 'number') return { main: format(value), below: '' };
	const { median, q25, q75 } = value;
	// One round has no quartiles of its own.
	if (q25 === q75) return { main: format(median), below: '' };
	return { main: format(median), below: rangeText(format(q25), format(q75)) };
}

/** "74.6–84.5 ms": a unit that both ends have is written once. */
function rangeText(low: string, high: string): string {
	const at = low.indexOf(' ');
	const shared = at >= 0 && high.endsWith(low.slice(at));
	return `${shared ? low.slice(0, at) : low}–${high}`;
}

/** Ends of the logarithmic axis of the ratios: 1 is in its middle, and everything within. */
export function ratioRange(rows: readonly BenchRow[]): [number, number] {
	const reach = rows.flatMap(({ ratio: { middle, low, high } }) => [middle, low, high]);
	const farthest = Math.max(...reach.flatMap((value) => [value, 1 / value]));
	// In tenths, so that the ends have short names.
	const end = Math.max(1.1, Math.ceil(farthest * 10) / 10);
	return [1 / end, end];
}

/** "×0.71", "×1.4": an end of that axis. */
export function endText(ratio: number): string {
	return formatTimes(ratio, ratio < 1 ? 2 : 1);
}

/** Median, quartiles and both ends of the interval. */
const PARTS_OF_A_RATIO = 5;

/** The numbers as CSV, units in the names; quartiles and intervals are empty where there are none. */
export function benchCsv(report: BenchReport): string {
	const { baseline, planned, ratio, predicted, cost = null } = report;
	const numbers = (value: Spread | number) =>
		typeof value === 'number' ? [value, '', ''] : [value.median, value.q25, value.q75];
	const intervalOf = (value: RatioSpread | number) =>
		typeof value === 'number' ? ['', ''] : [value.low ?? '', value.high ?? ''];
	const lines = BENCH_FIGURES.map((figure) => [
		figure.csv,
		figure.basis,
		...numbers(figure.of(baseline)),
		...numbers(figure.of(planned)),
		...numbers(figure.ratio(ratio)),
		...intervalOf(figure.ratio(ratio)),
		figure.predicted.csv,
		figure.predicted.fraction(predicted),
		...['', '', '']
	]);
	const costs = costFigures(cost).map(
		({ name, figures: { baseline: before, planned: after, delta } }) => [
			...[`${name} (nats/token)`, 'measured', before, '', '', after, '', ''],
			...Array<string>(PARTS_OF_A_RATIO + 2).fill(''),
			...[delta.loss, delta.low, delta.high]
		]
	);
	const sides = ['baseline', 'planned', 'planned/baseline'];
	const header = [
		'figure',
		'basis',
		...sides.flatMap((side) => [side, `${side} q25`, `${side} q75`]),
		'planned/baseline low',
		'planned/baseline high',
		'predicted',
		'share predicted to be saved',
		...['planned - baseline', 'planned - baseline low', 'planned - baseline high']
	];
	return csv([header, ...lines, ...costs]);
}
