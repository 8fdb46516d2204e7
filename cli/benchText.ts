import type { BenchReport, RatioSpread } from '../analysis/deploy/benchTypes.ts';
import type { Spread } from '../analysis/evaluate/types.ts';
import { formatBytes, formatShare } from '../src/lib/format.ts';
import { formatFacts, formatTable } from './table.ts';

interface Row {
	what: string;
	baseline: string;
	planned: string;
	ratio: string;
	predicted: string;
}

/** "412 (405–430)": median and quartiles, three digits. */
function spread({ median, q25, q75 }: Spread, scale = 1): string {
	const digits = (value: number) => Number((value * scale).toPrecision(3)).toString();
	return `${digits(median)} (${digits(q25)}–${digits(q75)})`;
}

const ratio = (value: number) => value.toFixed(3);
const ratioSpread = ({ median, q25, q75 }: Spread) =>
	`${ratio(median)} (${ratio(q25)}–${ratio(q75)})`;

/** What of the ratios of times is more than chance. */
function intervalText({ ratio: { firstTokenSeconds, tokensPerSecond } }: BenchReport): string {
	const interval = ({ low, high }: RatioSpread) =>
		low == null || high == null ? null : `${ratio(low)}–${ratio(high)}`;
	const [first, decode] = [interval(firstTokenSeconds), interval(tokensPerSecond)];
	return first === null || decode === null
		? 'Too few rounds to tell times from chance: from 6 on, ratios have 95 % intervals.'
		: `95 % intervals of the median ratios: first token ${first}, decode ${decode}.`;
}

/** Both sides, their ratio and what was predicted, for a person. */
export function benchText(report: BenchReport): string {
	const { baseline, planned, predicted, setting, machine } = report;
	const rows: Row[] = [
		{
			what: 'first token, ms',
			baseline: spread(baseline.firstTokenSeconds, 1000),
			planned: spread(planned.firstTokenSeconds, 1000),
			ratio: ratioSpread(report.ratio.firstTokenSeconds),
			predicted: `${formatShare(-predicted.prefillFlops)} FLOPs`
		},
		{
			what: 'decode, tokens/s',
			baseline: spread(baseline.tokensPerSecond),
			planned: spread(planned.tokensPerSecond),
			ratio: ratioSpread(report.ratio.tokensPerSecond),
			predicted: `${formatShare(-predicted.decodeBytes)} bytes read`
		},
		{
			what: 'peak memory',
			baseline: formatBytes(baseline.peakRssBytes),
			planned: formatBytes(planned.peakRssBytes),
			ratio: ratio(report.ratio.peakRss),
			predicted: `${formatShare(-predicted.parameters)} parameters`
		},
		{
			what: 'cache a token',
			baseline: formatBytes(baseline.cacheBytesPerToken),
			planned: formatBytes(planned.cacheBytesPerToken),
			ratio: ratio(report.ratio.cacheBytesPerToken),
			predicted: `${formatShare(-predicted.kvCache)} bytes`
		}
	];
	const facts = formatFacts([
		['model', `${report.model}, ${report.dtype}`],
		[
			'plan',
			`${report.followers} ${report.followers === 1 ? 'follower' : 'followers'}, ${report.leftOut} left out`
		],
		[
			'setting',
			`prompt ${setting.prompt}, generate ${setting.generate}, batch ${setting.batch}, ${setting.repeats} rounds`
		],
		['machine', `${machine.processor}, ${machine.threads} threads`]
	]);
	const table = formatTable(rows, [
		{ title: '', value: ({ what }) => what },
		{ title: 'baseline', value: (row) => row.baseline, align: 'right' },
		{ title: 'planned', value: (row) => row.planned, align: 'right' },
		{ title: 'planned ÷ baseline', value: (row) => row.ratio, align: 'right' },
		{ title: 'predicted', value: (row) => row.predicted, align: 'right' }
	]);
	return `${facts}\n${table}${intervalText(report)}\n`;
}
