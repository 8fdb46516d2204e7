import type { Evaluation } from '$analysis/measure/evaluate/types.ts';
import { rangeOf, type PointSeries, type Rule } from '$analysis/figure/plot.ts';
import { formatPercent, formatSigned, formatValue, formatWhole } from '$analysis/text/number.ts';

/** Every window's baseline loss against its planned loss, on equal axes; those shown in full apart. */
export function windowSeries({ report, texts }: Evaluation): {
	series: PointSeries[];
	rules: Rule[];
	x: readonly [number, number];
	y: readonly [number, number];
} {
	const worst = new Set(report.worst.map(({ window }) => window));
	const points = report.windows.map((row, window) => ({
		id: String(window),
		x: row.baseline,
		y: row.shared,
		title: `Window ${window}, ${texts[row.document]?.name ?? ''} from ${formatWhole(row.start)}: ${formatValue(row.baseline)} → ${formatValue(row.shared)} (${formatSigned(row.shared - row.baseline)}), agreement ${formatPercent(row.agreement)}`
	}));
	const range = rangeOf(report.windows.flatMap(({ baseline, shared }) => [baseline, shared]));
	return {
		series: [
			{
				name: 'other windows',
				colour: 'var(--series-1)',
				shape: 'circle',
				points: points.filter((_, window) => !worst.has(window))
			},
			{
				name: 'shown token by token',
				colour: 'var(--series-2)',
				shape: 'diamond',
				points: points.filter((_, window) => worst.has(window))
			}
		],
		rules: [{ axis: 'diagonal', at: 0, label: '' }],
		x: range,
		y: range
	};
}
