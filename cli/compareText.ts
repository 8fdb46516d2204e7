import type {
	ComparedModel,
	ComparedPair,
	ComparedSpans,
	Comparison
} from '../analysis/compare/types.ts';
import type { Interval } from '../analysis/statistics/resample.ts';
import { figureText } from '../analysis/text/interval.ts';
import { formatPercent, formatValue } from '../analysis/text/number.ts';
import { formatTable } from './table.ts';

/** A comparison for a person: figures, paired differences, spans, what differs, and the summary in words. */
export function comparisonText(comparison: Comparison): string {
	const { metric, view, runs, pairs, spans, differing, summary } = comparison;
	return [
		`${metric}, view ${view}: figures measured, with 95% CIs\n${figures(runs)}`,
		...pairs.map((pair) => pairText(pair, runs)),
		spansText(spans, runs),
		differing.length === 0
			? 'Definition cards and models: nothing differs.\n'
			: `What differs\n${formatTable(differing, [
					{ title: '', value: ({ title }) => title },
					...runs.map(({ letter }, i) => ({
						title: letter,
						value: ({ values }: { values: (string | number)[] }) => shortened(values[i])
					}))
				])}`,
		summary.map((sentence) => `${sentence}\n`).join('')
	].join('\n');
}

function figures(runs: readonly ComparedModel[]): string {
	const text = (figure: Interval, { over }: ComparedModel) => figureText(figure, over);
	return formatTable(runs, [
		{ title: '', value: ({ letter }) => letter },
		{ title: 'MODEL', value: ({ name }) => name },
		{ title: 'RUN', value: ({ run }) => run },
		{ title: 'LAYERS', value: ({ layers }) => layers, align: 'right' },
		{ title: 'NEXT LAYER', value: (run) => text(run.figures.nextLayer, run) },
		{ title: 'ALL PAIRS', value: (run) => text(run.figures.pairs, run) },
		{ title: 'NULL', value: ({ nullPairs }) => formatValue(nullPairs), align: 'right' },
		{ title: 'PEAK DEPTH', value: (run) => text(run.figures.peakDepth, run) }
	]);
}

function pairText({ first, second, paired, notPaired }: ComparedPair, runs: ComparedModel[]) {
	const title = `${runs[first].letter} − ${runs[second].letter}`;
	if (paired === null) return `${title}: not paired: ${notPaired ?? ''}\n`;
	const { summary, cells, over } = paired;
	const sampled = over === 'blocks' ? 'blocks of windows of one document' : 'documents';
	const rows = [
		['next layer', figureText(summary.nextLayer, over)],
		['all pairs', figureText(summary.pairs, over)],
		['peak depth', figureText(summary.peakDepth, over)]
	];
	if (cells) rows.push(['layer pairs that differ', `${cells.apart} of ${cells.of}`]);
	return `${title}, paired over ${sampled}\n${formatTable(rows, [
		{ title: 'FIGURE', value: ([name]) => name },
		{ title: 'DIFFERENCE (95% CI)', value: ([, text]) => text }
	])}`;
}

function spansText({ choice, maxSpan, plans, overlaps }: ComparedSpans, runs: ComparedModel[]) {
	const rule =
		choice.by === 'followers'
			? `${choice.followers} followers`
			: `followers at ${choice.minSimilarity} or above`;
	const rows = plans.flatMap(({ spans }, i) =>
		spans.map((span) => ({ letter: runs[i].letter, ...span }))
	);
	const table = formatTable(rows, [
		{ title: '', value: ({ letter }) => letter },
		{ title: 'SOURCE', value: ({ source }) => source, align: 'right' },
		{ title: 'FOLLOWERS', value: ({ followers }) => followers.join(' ') },
		{ title: 'DEPTH', value: ({ from, to }) => `${formatValue(from, 2)}–${formatValue(to, 2)}` },
		{ title: 'MEAN', value: ({ score }) => formatValue(score), align: 'right' }
	]);
	const shared = overlaps.map(({ first, second, share }) => {
		const letters = `${runs[first].letter} and ${runs[second].letter}`;
		return share === null
			? `${letters}: no spans\n`
			: `${letters}: ${formatPercent(share)} of the depth their spans take up is in both\n`;
	});
	return `Candidate spans (${rule}, at most ${maxSpan} layers each)\n${table}${shared.join('')}`;
}

/** A list of every window's start would push the columns off the screen. */
const MAX_CELL_LENGTH = 48;

function shortened(value: string | number): string {
	const text = String(value);
	return text.length > MAX_CELL_LENGTH ? `${text.slice(0, MAX_CELL_LENGTH - 1)}…` : text;
}
