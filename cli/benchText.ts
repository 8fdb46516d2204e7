import type { BenchReport } from '../analysis/measure/bench/benchTypes.ts';
import {
	benchRows,
	costRows,
	type BenchRow,
	type CostRow,
	type TwoLines
} from '../analysis/measure/bench/rows.ts';
import {
	costMeasuredWords,
	costWords,
	netKind,
	netWords
} from '../analysis/measure/bench/words.ts';
import { countWords } from '../analysis/text/plan.ts';
import { formatFacts, formatTable } from './table.ts';

/** "80.4 ms (74.6–84.5 ms)" */
function oneLine({ main, below }: TwoLines): string {
	return below === '' ? main : `${main} (${below})`;
}

/** Both sides, their ratio and what was predicted, and what the plan costs, in the words of the page. */
export function benchText(report: BenchReport): string {
	const { setting, machine } = report;
	const net = netKind(report);
	const facts = formatFacts([
		['model', `${report.model}, ${report.dtype}`],
		['plan', countWords({ followers: report.followers, dropped: report.leftOut })],
		[
			'setting',
			`prompt ${setting.prompt}, generate ${setting.generate}, batch ${setting.batch}, ${setting.repeats} rounds`
		],
		['machine', `${machine.processor}, ${machine.threads} threads`]
	]);
	const table = formatTable(benchRows(report), [
		{ title: '', value: ({ figure }) => figure.name },
		{ title: 'baseline', value: ({ baseline }) => oneLine(baseline), align: 'right' },
		{ title: 'planned', value: ({ planned }) => oneLine(planned), align: 'right' },
		{ title: 'planned ÷ baseline', value: ({ ratio }: BenchRow) => oneLine(ratio), align: 'right' },
		{
			title: 'predicted',
			value: ({ predicted: { main, below } }) => `${main} ${below}`,
			align: 'right'
		}
	]);
	const ranges =
		net === 'few rounds'
			? 'Ranges are quartiles. From 6 rounds on, ratios have 95% intervals.'
			: 'Ranges: quartiles over the rounds; of ratios, the 95% interval of the median.';
	return `${facts}\n${table}${net === 'few rounds' ? '' : `${net}: `}${netWords(report)}\n${ranges}\n\n${costText(report)}`;
}

/** Formats the cost of the plan, in the words of the page. */
function costText(report: BenchReport): string {
	const { cost = null } = report;
	if (cost === null) return `${costWords(report)}\n`;
	const table = formatTable(costRows(report), [
		{ title: 'nats/token', value: ({ name }: CostRow) => name },
		{ title: 'baseline', value: ({ baseline }) => baseline, align: 'right' },
		{ title: 'planned', value: ({ planned }) => planned, align: 'right' },
		{ title: 'increase', value: ({ increase }) => increase, align: 'right' }
	]);
	return `${table}${costWords(report)}\n${costMeasuredWords(cost)}\n`;
}
