import type { Dynamics, DynamicsStep } from '../compare/dynamics.ts';
import type { Tick } from '../figure/axes.ts';
import type { Series } from '../figure/frame.ts';
import { lineFigure, type LineFigure } from '../figure/lineFigure.ts';
import type { Figure } from '../figure/marks.ts';
import type { Style } from '../figure/style.ts';
import { figureSvg } from '../figure/svg.ts';
import { csv } from '../text/csv.ts';
import { intervalText } from '../text/interval.ts';
import { formatValue } from '../text/number.ts';
import { escaped } from './report/html.ts';

/** Steps that reach over more than this factor are drawn by their logarithm. */
const WIDE = 50;
/** Ticks are at least this fraction of the axis apart. */
const TICK_GAP = 0.09;
/** Half of a label is at most this fraction of the axis wide. */
const LABEL = 0.06;
const COLOURS = [1, 2, 3].map((at) => `var(--series-${at})`);
/** Pairs get a line each up to this many; of more, the least, the median and the most alike are drawn. */
const MOST_PAIRS = 5;

/** Draws a training; see `dynamicsLines`. */
export function dynamicsFigure(dynamics: Dynamics, style: Style): Figure {
	return lineFigure(dynamicsLines(dynamics), style);
}

/** Similarity of neighbouring layers, loss and recall, and damage where it was measured, over the steps. */
export function dynamicsLines(dynamics: Dynamics): LineFigure {
	const { steps, metric, view, context, windows, texts } = dynamics;
	const axis = stepAxis(steps.map(({ step }) => step));
	const series = (
		name: string,
		at: number,
		of: (step: DynamicsStep) => number | null,
		bounds?: (step: DynamicsStep) => { low: number | null; high: number | null }
	): Series => ({
		...{
			name,
			colour: COLOURS[at % COLOURS.length],
			xs: axis.xs,
			ys: steps.map((step) => of(step) ?? NaN)
		},
		...(at >= COLOURS.length && { dashed: true }),
		...(bounds && {
			low: steps.map((step) => bounds(step).low ?? NaN),
			high: steps.map((step) => bounds(step).high ?? NaN)
		})
	});
	const hasRecall = steps.some(({ recall }) => recall !== null);
	const mean = (values: readonly (number | null)[] | undefined) => meanOf(values ?? []);
	return {
		title: 'What layers attend to, over a training',
		caption: `Similarity (${metric}, view ${view}) of neighbouring layers, mean with 95% intervals and by pair, and loss, by training step; ${steps.length} checkpoints, each measured on ${windows} windows of ${context} tokens of ${texts.map(({ name }) => name).join(', ')}.`,
		x: axis.range,
		xTicks: axis.ticks,
		xTitle: axis.wide ? 'training step (logarithmic)' : 'training step',
		charts: [
			{
				title: `similarity of neighbouring layers, mean (${metric})`,
				series: [
					series(
						'mean',
						0,
						({ similarity }) => similarity.value,
						({ similarity }) => similarity
					)
				]
			},
			{ title: 'by pair', series: pairSeries(steps, series) },
			{
				title: 'loss (nats/token)',
				series: [
					series('text', 0, ({ loss }) => loss),
					...(hasRecall ? [series('recall', 1, ({ recall }) => recall)] : [])
				]
			},
			...(steps.some(({ damage }) => damage !== null)
				? [
						{
							title: 'mean loss increase (nats/token)',
							series: [
								series('a layer dropped', 0, ({ damage }) => mean(damage?.drop)),
								series('a layer follows the one before', 1, ({ damage }) => mean(damage?.next))
							]
						}
					]
				: [])
		]
	};
}

function pairSeries(
	steps: readonly DynamicsStep[],
	series: (name: string, at: number, of: (step: DynamicsStep) => number | null) => Series
): Series[] {
	const pairs = Math.min(...steps.map((step) => step.pairs.length));
	if (pairs <= MOST_PAIRS)
		return Array.from({ length: pairs }, (_, l) =>
			series(`${l}–${l + 1}`, l, (step) => step.pairs[l])
		);
	const ranked = ({ pairs: values }: DynamicsStep) => values.toSorted((a, b) => a - b);
	return [
		series('most alike', 0, (step) => ranked(step).at(-1) ?? null),
		series('median', 1, (step) => ranked(step)[Math.floor((step.pairs.length - 1) / 2)]),
		series('least alike', 2, (step) => ranked(step)[0])
	];
}

/** Returns places of steps on the axis, its range and its ticks. */
function stepAxis(steps: readonly number[]): {
	xs: number[];
	range: [number, number];
	ticks: Tick[];
	wide: boolean;
} {
	const positive = steps.filter((step) => step > 0);
	const wide = Math.max(...steps) >= WIDE * Math.min(...positive);
	const xs = wide ? steps.map((step) => Math.log10(1 + step)) : [...steps];
	const [from, to] = [Math.min(...xs), Math.max(...xs)];
	const ticks: Tick[] = [];
	for (const [index, at] of xs.entries()) {
		const last = ticks.at(-1);
		if (last === undefined || at - last.at >= TICK_GAP * (to - from))
			ticks.push({ at, label: String(steps[index]) });
	}
	// The last label ends within the figure.
	return { xs, range: [from, to + LABEL * (to - from)], ticks, wide };
}

/** Mean of what there is; null: nothing. */
function meanOf(values: readonly (number | null)[]): number | null {
	const known = values.filter((value) => value !== null);
	return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length;
}

/** A line for each checkpoint: step, losses, mean similarity with its interval, each pair, and damage where measured. */
export function dynamicsCsv({ steps }: Dynamics): string {
	const [first] = steps;
	const layers = first.pairs.length + 1;
	const damage = steps.some((step) => step.damage !== null);
	const numbers = Array.from({ length: layers }, (_, layer) => layer);
	const header = [
		...['step', 'name', 'run', 'loss', 'recall', 'similarity', 'low', 'high'],
		...numbers.slice(1).map((layer) => `${layer - 1}-${layer}`),
		...(damage ? numbers.map((layer) => `drop ${layer}`) : []),
		...(damage ? numbers.slice(1).map((layer) => `${layer} follows ${layer - 1}`) : [])
	];
	return csv([
		header,
		...steps.map(({ step, name, run, loss, recall, similarity, pairs, damage: found }) => [
			...[step, name, run, loss, recall, similarity.value, similarity.low, similarity.high],
			...pairs,
			...(damage ? (found?.drop ?? numbers.map(() => null)) : []),
			...(damage ? (found?.next ?? numbers.slice(1).map(() => null)) : [])
		])
	]);
}

/** A page that stands by itself: the figure, and its numbers as a table. */
export function dynamicsPage(dynamics: Dynamics, figure: Figure, style: Style): string {
	const [header, ...rows] = tableRows(dynamics);
	const cells = (row: readonly string[], tag: 'td' | 'th') =>
		`<tr>${row.map((cell) => `<${tag}>${escaped(cell)}</${tag}>`).join('')}</tr>`;
	return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escaped(figure.title)}</title>
<style>
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; font: 15px/1.5 system-ui, sans-serif; }
svg { width: 100%; height: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: 2px 12px 2px 0; text-align: right; border-bottom: 1px solid #ddd; }
</style>
<h1>${escaped(figure.title)}</h1>
${figureSvg(figure, style)}
<div style="overflow-x: auto"><table>
<thead>${cells(header, 'th')}</thead>
<tbody>
${rows.map((row) => cells(row, 'td')).join('\n')}
</tbody>
</table></div>
</html>
`;
}

/** Header and rows as they are read: one for each checkpoint. */
export function tableRows({ steps }: Dynamics): string[][] {
	const damage = steps.some((step) => step.damage !== null);
	const value = (number: number | null) => (number === null ? '–' : formatValue(number, 4));
	return [
		[
			...['step', 'loss', 'recall', 'similarity', '95% CI', 'least alike', 'most alike'],
			...(damage ? ['drop, mean', 'follow, mean'] : [])
		],
		...steps.map(
			({ step, loss, recall, similarity: { value: mean, ...ends }, pairs, damage: found }) => {
				const pair = (of: number) => `${value(of)} (${pairs.indexOf(of)}–${pairs.indexOf(of) + 1})`;
				return [
					...[String(step), value(loss), value(recall), value(mean)],
					intervalText(ends, value) || '–',
					pair(Math.min(...pairs)),
					pair(Math.max(...pairs)),
					...(damage ? [value(meanOf(found?.drop ?? [])), value(meanOf(found?.next ?? []))] : [])
				];
			}
		)
	];
}
