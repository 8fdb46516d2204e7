import { quoted } from '../analysis/edge/quote.ts';
import { AXIS_NAMES } from '../analysis/plan/axes.ts';
import { PLANNERS } from '../analysis/measure/search/candidate.ts';
import { shortHash } from '../analysis/plan/planFile.ts';
import type { Sources } from '../analysis/plan/types.ts';
import { roughWords } from '../analysis/statistics/resample.ts';
import type {
	FrontPoint,
	PartLoss,
	PlanFigures,
	Search
} from '../analysis/measure/search/types.ts';
import { formatShare, formatValue } from '../analysis/text/number.ts';
import { formatTable, type Column } from './table.ts';

const DIGITS = 4;
const LABELS = {
	documents: '95 % over documents and their windows',
	blocks: '95 % over blocks of windows: this text only'
} as const;

/** A search for a person: the verdict, plans, the front, and how well the shortlist agrees. */
export function searchText({ report, model, texts, context }: Search): string {
	const { verdict, target, plans, front, random, shortlist, parts, interval, notes } = report;
	const names = texts.map(({ name }) => quoted(name)).join(', ');
	const label = interval.report === null ? 'a single window' : LABELS[interval.report];
	const rough = interval.report === null ? null : roughWords(parts.report.windows, 'the intervals');
	const savings = `${AXIS_NAMES[target.axis]} saved`;
	const saved = <Row extends Pick<PlanFigures, 'savings'>>(): Column<Row> => ({
		title: savings,
		value: (row) => formatShare(row.savings[target.axis]),
		align: 'right'
	});
	const figure = <Row>(title: string, of: (row: Row) => number | null): Column<Row> => ({
		title,
		value: (row) => formatValue(of(row), DIGITS),
		align: 'right'
	});
	const reported = <Row extends { report: PartLoss }>(): Column<Row>[] => [
		figure('report', (row) => row.report.loss),
		{ title: `[${label}]`, value: ({ report: { low, high } }) => intervalText(low, high) }
	];
	const { search, choose, report: last } = parts;
	return [
		`${verdict.sentence}\n${rough === null ? '' : `${rough}\n`}\n`,
		`${quoted(model.name)} (${shortHash(model.hash)}), loss added in nats a token on ${search.windows} + ${choose.windows} + ${last.windows} windows of ${context} tokens (search, choose, report) of ${names}.\n`,
		`Search is in-sample for every plan made from measured damage, choose for the chosen plan and for repairs; savings are predicted.\n\n`,
		formatTable<PlanFigures>(plans, [
			{
				title: 'plan',
				value: ({ name, maker }) =>
					`${name === verdict.plan ? '* ' : '  '}${name}${PLANNERS.includes(maker) ? '' : ' (rival)'}`
			},
			{ title: 'layers', value: ({ sources }) => layersText(sources) },
			saved(),
			figure('search (in-sample)', (row) => row.search.loss),
			figure('choose (in-sample)', (row) => row.choose.loss),
			...reported<PlanFigures>(),
			figure('additivity error', (row) => row.additivityError)
		]),
		random.plans.length === 0 ? '' : `\n${randomText(random, verdict.plan)}`,
		'\nWhat no other plan beats in saving and in the sum of its parts on search\n',
		formatTable<FrontPoint>(front, [
			{ title: 'front', value: ({ kind }) => kind },
			saved(),
			{ title: 'layers', value: ({ sources }) => layersText(sources) },
			figure('sum of parts (in-sample)', (row) => row.sumOfParts),
			figure('choose', (row) => row.choose.loss),
			...reported<FrontPoint>()
		]),
		`\nShortlist (drop damage × output error): ${shortlistText(shortlist)}\n`,
		...notes.map((note) => `note: ${note}\n`)
	].join('');
}

/** "4←3 5←3, drop 9"; "as it is" */
export function layersText(sources: Sources): string {
	const shared = sources.flatMap((source, layer) =>
		source === null || source === layer ? [] : [`${layer}←${source}`]
	);
	const dropped = sources.flatMap((source, layer) => (source === null ? [layer] : []));
	const parts = [
		...(shared.length > 0 ? [shared.join(' ')] : []),
		...(dropped.length > 0 ? [`drop ${dropped.join(' ')}`] : [])
	];
	return parts.join(', ') || 'as it is';
}

function intervalText(low: number | null, high: number | null): string {
	return low === null || high === null
		? ''
		: `[${formatValue(low, DIGITS)}, ${formatValue(high, DIGITS)}]`;
}

function randomText({ plans, beaten }: Search['report']['random'], chosen: string | null): string {
	const losses = plans.map(({ report }) => report).sort((a, b) => a - b);
	const middle = losses[Math.floor(losses.length / 2)];
	return (
		`${plans.length} random plans of as many layers on report: least ${formatValue(losses[0], DIGITS)}, ` +
		`median ${formatValue(middle, DIGITS)}; ${formatShare(beaten ?? 0, 0)} cost more than ${chosen?.replace(' repaired', '') ?? 'the plan'}, they being unrepaired\n`
	);
}

function shortlistText({ spans, rho }: Search['report']['shortlist']): string {
	const measured = spans.filter((span) => span.measured !== null).length;
	const agreement =
		rho === null ? 'too few spans for a rank correlation' : `Spearman's rho ${formatValue(rho, 2)}`;
	return `${agreement} with the damage measured, over ${measured} of ${spans.length} spans`;
}
