import type { BenchReport, RatioSpread } from '$analysis/deploy/benchTypes.ts';
import type { Spread } from '$analysis/evaluate/types.ts';
import { csv } from '$analysis/plan/exporters/csv.ts';
import { signedText } from '../evaluate/words.ts';
import { formatShare, formatValue } from '../format.ts';
import { BENCH_FIGURES, type BenchFigure } from './figures.ts';
import { middleOf, sideOf } from './words.ts';

/** A number and, in smaller type below it, its quartiles or what it is of; those are empty where there are none. */
export interface TwoLines {
	main: string;
	below: string;
}

/** One figure of both models, as a table shows it. */
export interface BenchRow {
	figure: BenchFigure;
	baseline: TwoLines;
	planned: TwoLines;
	/** Planned ÷ baseline: "×0.887", "0.866–0.918". */
	ratio: TwoLines & { value: RatioSpread | number };
	/** Whether the plan makes it better or worse; null: not certain, as after a few rounds, or the same. */
	verdict: 'better' | 'worse' | null;
	/** "−5.2 %", "FLOPs". */
	predicted: TwoLines;
}

/** Both models side by side. */
export function benchRows({ baseline, planned, ratio, predicted }: BenchReport): BenchRow[] {
	return BENCH_FIGURES.map((figure) => {
		const value = figure.ratio(ratio);
		const side = sideOf(figure, value);
		return {
			figure,
			baseline: spreadText(figure.of(baseline), figure.format),
			planned: spreadText(figure.of(planned), figure.format),
			ratio: {
				...spreadText(value, formatValue),
				main: `×${formatValue(middleOf(value))}`,
				value
			},
			verdict: side === null ? null : side === figure.better ? 'better' : 'worse',
			predicted: {
				main: signedText(-figure.predicted.share(predicted), formatShare),
				below: figure.predicted.of
			}
		};
	});
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
	const reach = rows.flatMap(({ ratio: { value } }) =>
		typeof value === 'number' ? [value] : [value.median, value.q25, value.q75]
	);
	const farthest = Math.max(...reach.flatMap((value) => [value, 1 / value]));
	// In tenths, so that the ends have short names.
	const end = Math.max(1.1, Math.ceil(farthest * 10) / 10);
	return [1 / end, end];
}

/** "×0.71", "×1.4": an end of that axis. */
export function endText(ratio: number): string {
	return `×${ratio < 1 ? ratio.toFixed(2) : ratio.toFixed(1)}`;
}

/** The numbers as CSV, units in the names; quartiles are empty where a figure is a single number. */
export function benchCsv({ baseline, planned, ratio, predicted }: BenchReport): string {
	const numbers = (value: Spread | number) =>
		typeof value === 'number' ? [value, '', ''] : [value.median, value.q25, value.q75];
	const lines = BENCH_FIGURES.map((figure) => [
		figure.csv,
		figure.basis,
		...numbers(figure.of(baseline)),
		...numbers(figure.of(planned)),
		...numbers(figure.ratio(ratio)),
		figure.predicted.csv,
		figure.predicted.share(predicted)
	]);
	const sides = ['baseline', 'planned', 'planned/baseline'];
	const header = [
		'figure',
		'basis',
		...sides.flatMap((side) => [side, `${side} q25`, `${side} q75`]),
		'predicted',
		'share predicted to be saved'
	];
	return csv([header, ...lines]);
}
