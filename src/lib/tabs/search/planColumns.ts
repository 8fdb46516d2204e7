import { AXIS_NAMES, SAVING_AXES, type SavingAxis } from '$analysis/plan/axes.ts';
import type {
	AccuracyDrop,
	FrontPoint,
	PartLoss,
	PlanFigures
} from '$analysis/measure/search/types.ts';
import { planWords } from '$analysis/text/plan.ts';
import { formatPercent, formatSigned } from '$analysis/text/number.ts';
import type { Column } from '../../table/view.ts';
import { KIND_NAMES } from './words.ts';
import { lossText, withInterval } from '$analysis/text/interval.ts';

/** Axes whose savings are on the screen; the others are in the CSV alone. */
type ShownAxes = readonly SavingAxis[];

function savingColumns<Row extends Pick<FrontPoint, 'savings'>>(shown: ShownAxes): Column<Row>[] {
	return [...new Set([...shown, ...SAVING_AXES])].map((axis) => ({
		key: axis,
		title: AXIS_NAMES[axis],
		hidden: !shown.includes(axis),
		about: `Fraction of the ${AXIS_NAMES[axis]} that is saved; predicted, by counting`,
		...(axis === shown[0] && { term: 'saved' as const }),
		align: 'right',
		value: ({ savings }) => savings[axis],
		format: (value) => formatPercent(Number(value))
	}));
}

function reportColumn<Row extends Pick<FrontPoint, 'report'>>(): Column<Row> {
	return {
		key: 'report',
		title: 'Loss increase, held-out',
		term: 'held',
		about: 'Nats/token on the part that was read once, after every plan was frozen',
		value: ({ report }) => report.loss,
		format: (_, { report }) => lossText(report)
	};
}

/** Returns the column of recall increase (nats/token, with its interval); “–” where it was not measured. */
function recallColumn<Row extends { recall?: { report: PartLoss } }>(): Column<Row> {
	return {
		key: 'recall',
		title: 'Recall increase',
		term: 'recallIncrease',
		about: 'Nats/token added to the loss on a passage that comes again, on the report part',
		value: ({ recall }) => recall?.report.loss ?? null,
		format: (_, { recall }) => (recall === undefined ? '–' : lossText(recall.report))
	};
}

/** Returns the column of accuracy drop on the user's held-out questions; “–” where they were not asked. */
function accuracyColumn<Row extends { accuracy?: { report: AccuracyDrop } }>(): Column<Row> {
	return {
		key: 'accuracy',
		title: 'Accuracy drop',
		about:
			'Accuracy of the baseline less that of the plan, on the questions that it was not chosen by',
		value: ({ accuracy }) => accuracy?.report.value ?? null,
		format: (_, { accuracy }) =>
			accuracy === undefined
				? '–'
				: withInterval(accuracy.report.value, accuracy.report, (each) => formatPercent(each))
	};
}

/** Returns the columns of plans; their kind is below their name. `asked`: some were asked the user's questions. */
export const planColumns = (shown: ShownAxes, asked: boolean): readonly Column<PlanFigures>[] => [
	{ key: 'name', title: 'Plan', value: ({ name }) => name },
	{ key: 'words', title: 'Layers', value: ({ sources }) => planWords(sources) },
	{ key: 'kind', title: 'Does', value: ({ kind }) => KIND_NAMES[kind], hidden: true },
	reportColumn(),
	recallColumn(),
	...(asked ? [accuracyColumn<PlanFigures>()] : []),
	{
		key: 'choose',
		title: 'choose',
		term: 'choose',
		about: 'In-sample for the chosen plan, and for the strength of a repair',
		align: 'right',
		value: ({ choose }) => choose.loss,
		format: (value) => formatSigned(Number(value))
	},
	{
		key: 'search',
		title: 'search (in-sample)',
		term: 'inSample',
		about: 'In-sample for every plan that was made from damage measured on this part',
		align: 'right',
		value: ({ search }) => search.loss,
		format: (value) => formatSigned(Number(value))
	},
	{
		key: 'additivityError',
		title: 'not additive',
		term: 'additivity',
		about: 'Measured on the search part, less the sum of its parts’ damage',
		align: 'right',
		value: ({ additivityError }) => additivityError,
		format: (value) => (value === null ? '–' : formatSigned(Number(value)))
	},
	...savingColumns<PlanFigures>(shown)
];

export const frontColumns = (shown: ShownAxes, asked: boolean): readonly Column<FrontPoint>[] => [
	{ key: 'kind', title: 'Allowed', value: ({ kind }) => kind },
	{ key: 'words', title: 'Layers', value: ({ sources }) => planWords(sources) },
	reportColumn(),
	recallColumn(),
	...(asked ? [accuracyColumn<FrontPoint>()] : []),
	{
		key: 'sumOfParts',
		title: 'sum of parts (in-sample)',
		term: 'sum',
		about: 'Damage of its spans and dropped layers, each measured by itself on the search part',
		align: 'right',
		value: ({ sumOfParts }) => sumOfParts,
		format: (value) => formatSigned(Number(value))
	},
	...savingColumns<FrontPoint>(shown)
];
