import { quoted } from '../analysis/edge/quote.ts';
import { AXIS_NAMES } from '../analysis/plan/axes.ts';
import { raceWords } from '../analysis/measure/search/raceWords.ts';
import { stabilityWords } from '../analysis/measure/search/stabilityWords.ts';
import { whyChosen } from '../analysis/measure/search/whyChosen.ts';
import { CHOOSABLE } from '../analysis/measure/search/candidate.ts';
import { shortHash } from '../analysis/text/hash.ts';
import { roughWords } from '../analysis/statistics/resample.ts';
import type {
	AccuracyDrop,
	FrontPoint,
	PartLoss,
	PlanFigures,
	Search
} from '../analysis/measure/search/types.ts';
import { intervalLabel, intervalText } from '../analysis/text/interval.ts';
import { formatPercent, formatValue } from '../analysis/text/number.ts';
import { planWords } from '../analysis/text/plan.ts';
import { formatTable, type Column } from './table.ts';

const DIGITS = 4;

/** A search for a person: the verdict, plans, the front, and how well the shortlist agrees. */
export function searchText({ report, model, texts, context }: Search): string {
	const { verdict, target, plans, front, random, shortlist, parts, interval, race, notes } = report;
	const names = texts.map(({ name }) => quoted(name)).join(', ');
	const label = intervalLabel(interval.report);
	const rough = interval.report === null ? null : roughWords(parts.report.windows, 'the intervals');
	const why = whyChosen(report);
	const stability = stabilityWords(report);
	const savings = `${AXIS_NAMES[target.axis]} saved`;
	const saved = <Row extends Pick<PlanFigures, 'savings'>>(): Column<Row> => ({
		title: savings,
		value: (row) => formatPercent(row.savings[target.axis]),
		align: 'right'
	});
	const figure = <Row>(title: string, of: (row: Row) => number | null): Column<Row> => ({
		title,
		value: (row) => formatValue(of(row), DIGITS),
		align: 'right'
	});
	const reported = <Row extends { report: PartLoss }>(): Column<Row>[] => [
		figure('report', (row) => row.report.loss),
		{ title: `[${label}]`, value: ({ report: ends }) => intervalText(ends, figured) }
	];
	const { search, choose, report: last } = parts;
	return [
		`${verdict.sentence}\n${why === null ? '' : `${why}\n`}${stability === null ? '' : `${stability}\n`}${rough === null ? '' : `${rough}\n`}\n`,
		`${quoted(model.name)} (${shortHash(model.hash)}), loss increase in nats/token on ${search.windows} + ${choose.windows} + ${last.windows} windows of ${context} tokens (search, choose, report) of ${names}.\n`,
		`Search is in-sample for every plan made from measured damage, choose for the chosen plan and for repairs; savings are predicted.\n\n`,
		formatTable<PlanFigures>(plans, [
			{
				title: 'plan',
				value: ({ name, maker }) =>
					`${name === verdict.plan ? '* ' : '  '}${name}${CHOOSABLE.includes(maker) ? '' : ' (rival)'}`
			},
			{ title: 'layers', value: ({ sources }) => planWords(sources) },
			saved(),
			figure('search (in-sample)', (row) => row.search.loss),
			figure('choose (in-sample)', (row) => row.choose.loss),
			...reported<PlanFigures>(),
			...recalled<PlanFigures>(report),
			...asked<PlanFigures>(report),
			figure('additivity error', (row) => row.additivityError)
		]),
		random.plans.length === 0 ? '' : `\n${randomText(random, verdict.plan)}`,
		'\nPareto front: saving vs. summed damage, search part\n',
		formatTable<FrontPoint>(front, [
			{ title: 'front', value: ({ kind }) => kind },
			saved(),
			{ title: 'layers', value: ({ sources }) => planWords(sources) },
			figure('sum of parts (in-sample)', (row) => row.sumOfParts),
			...reported<FrontPoint>(),
			...recalled<FrontPoint>(report),
			...asked<FrontPoint>(report)
		]),
		race === undefined ? '' : `\n${raceWords(race)}\n`,
		`\nShortlist (drop damage × output error): ${shortlistText(shortlist)}\n`,
		...notes.map((note) => `note: ${note}\n`)
	].join('');
}

/** Recall increase on the report part; no columns where recall was not measured. */
function recalled<Row extends { recall?: { report: PartLoss } }>({
	recall
}: Search['report']): Column<Row>[] {
	if (recall === undefined) return [];
	return [
		{
			title: 'recall increase',
			value: (row) => (row.recall === undefined ? '' : figured(row.recall.report.loss)),
			align: 'right'
		},
		{
			title: `[${intervalLabel(recall.interval.report)}]`,
			value: (row) => (row.recall === undefined ? '' : intervalText(row.recall.report, figured))
		}
	];
}

/** Returns columns of the accuracy drop on the user's questions, those of the report part; none if none were asked. */
function asked<Row extends { accuracy?: { report: AccuracyDrop } }>({
	tasks
}: Search['report']): Column<Row>[] {
	if (tasks === undefined) return [];
	const { baseline, questions, interval } = tasks;
	return [
		{
			title: `accuracy drop (from ${formatPercent(baseline.report)} of ${questions.report})`,
			value: ({ accuracy }) => (accuracy === undefined ? '' : formatPercent(accuracy.report.value)),
			align: 'right'
		},
		{
			title: interval.report === null ? '[no interval]' : '[95% CI over questions]',
			value: ({ accuracy }) =>
				accuracy === undefined ? '' : intervalText(accuracy.report, (each) => formatPercent(each))
		}
	];
}

const figured = (value: number): string => formatValue(value, DIGITS);

function randomText({ plans, beaten }: Search['report']['random'], chosen: string | null): string {
	const losses = plans.map(({ report }) => report).sort((a, b) => a - b);
	const middle = losses[Math.floor(losses.length / 2)];
	return (
		`${plans.length} random plans with the same number of followers and dropped layers, on report: least ${figured(losses[0])}, ` +
		`median ${figured(middle)}; ${formatPercent(beaten ?? 0, 0)} cost more than ${chosen?.replace(' repaired', '') ?? 'the plan'} (random plans are unrepaired)\n`
	);
}

function shortlistText({ spans, rho }: Search['report']['shortlist']): string {
	const measured = spans.filter((span) => span.measured !== null).length;
	const agreement =
		rho === null ? 'too few spans for a rank correlation' : `Spearman's rho ${formatValue(rho, 2)}`;
	return `${agreement} with the damage measured, over ${measured} of ${spans.length} spans`;
}
