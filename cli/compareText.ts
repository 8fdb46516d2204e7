import type {
	ComparedModel,
	ComparedPair,
	ComparedSpans,
	Comparison
} from '../analysis/compare/types.ts';
import type { Interval } from '../analysis/statistics/resample.ts';
import { formatShare, formatValue } from '../analysis/text/number.ts';
import { formatTable } from './table.ts';

/** A comparison for a person: figures, paired differences, spans, what differs, and the summary in words. */
export function comparisonText(comparison: Comparison): string {
	const { metric, view, runs, pairs, spans, differing, summary } = comparison;
	return [
		`${metric}, view ${view}: figures measured, with 95 % intervals\n${figures(runs)}`,
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
	const withInterval = (figure: Interval, { over }: ComparedModel) =>
		over === null ? formatValue(figure.value) : intervalText(figure);
	return formatTable(runs, [
		{ title: '', value: ({ letter }) => letter },
		{ title: 'MODEL', value: ({ name }) => name },
		{ title: 'RUN', value: ({ run }) => run },
		{ title: 'LAYERS', value: ({ layers }) => layers, align: 'right' },
		{ title: 'NEXT LAYER', value: (run) => withInterval(run.figures.nextLayer, run) },
		{ title: 'ALL PAIRS', value: (run) => withInterval(run.figures.pairs, run) },
		{ title: 'NULL', value: ({ nullPairs }) => formatValue(nullPairs), align: 'right' },
		{ title: 'PEAK DEPTH', value: (run) => withInterval(run.figures.peakDepth, run) }
	]);
}

function pairText({ first, second, paired, notPaired }: ComparedPair, runs: ComparedModel[]) {
	const title = `${runs[first].letter} − ${runs[second].letter}`;
	if (paired === null) return `${title}: not paired: ${notPaired ?? ''}\n`;
	const { summary, cells, over } = paired;
	const sampled = over === 'blocks' ? 'blocks of windows, this text only' : 'documents';
	const rows = [
		['next layer', intervalText(summary.nextLayer)],
		['all pairs', intervalText(summary.pairs)],
		['peak depth', intervalText(summary.peakDepth)]
	];
	if (cells) rows.push(['pairs of layers apart', `${cells.apart} of ${cells.of}`]);
	return `${title}, paired over ${sampled}\n${formatTable(rows, [
		{ title: 'FIGURE', value: ([name]) => name },
		{ title: 'DIFFERENCE (95 % INTERVAL)', value: ([, text]) => text }
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
		{ title: 'DEPTH', value: ({ from, to }) => `${from.toFixed(2)}–${to.toFixed(2)}` },
		{ title: 'MEAN', value: ({ score }) => formatValue(score), align: 'right' }
	]);
	const shared = overlaps.map(({ first, second, share }) => {
		const letters = `${runs[first].letter} and ${runs[second].letter}`;
		return share === null
			? `${letters}: no spans\n`
			: `${letters}: ${formatShare(share)} of the depth their spans take up is in both\n`;
	});
	return `Candidate spans (${rule}, at most ${maxSpan} layers each)\n${table}${shared.join('')}`;
}

function intervalText({ value, low, high }: Interval): string {
	return `${formatValue(value)} [${formatValue(low)}, ${formatValue(high)}]`;
}

/** A list of every window's start would push the columns off the screen. */
const MAX_CELL_LENGTH = 48;

function shortened(value: string | number): string {
	const text = String(value);
	return text.length > MAX_CELL_LENGTH ? `${text.slice(0, MAX_CELL_LENGTH - 1)}…` : text;
}
