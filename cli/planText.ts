import type { RankedSpan } from '../analysis/plan/limits.ts';
import { spanScores } from '../analysis/plan/spans.ts';
import type { Plan } from '../analysis/plan/types.ts';
import type { RunRecord } from '../analysis/run/types.ts';
import type { Metric, View } from '../analysis/similarity/types.ts';
import { formatValue } from '../src/lib/format.ts';
import { measuredWords } from './measured.ts';
import { savingsText } from './savingsText.ts';
import { DEFAULT_DTYPE } from './savings.ts';
import { formatTable, type Column } from './table.ts';

/** Spans beyond these rank low; all of them are on the run's page. */
const RANKED_SHOWN = 10;

const COLUMNS: Column<Omit<RankedSpan, 'length'>>[] = [
	{ title: 'SOURCE', value: ({ source }) => source, align: 'right' },
	{ title: 'FOLLOWERS', value: ({ followers }) => followers.join(' ') },
	{ title: 'LAYERS', value: ({ followers }) => followers.length + 1, align: 'right' },
	{ title: 'MEAN', value: ({ mean }) => formatValue(mean), align: 'right' },
	{ title: 'LOWEST', value: ({ min }) => formatValue(min), align: 'right' }
];

/** A plan for a person: its spans, what it is predicted to save, and the best spans there are. */
export function planText(
	record: RunRecord,
	plan: Plan,
	matrix: Float64Array,
	ranked: readonly RankedSpan[],
	{ metric, view }: { metric: Metric; view: View }
): string {
	const { name, layers } = plan.model;
	const spans = plan.spans.map(({ source, followers }) => ({
		source,
		followers,
		...spanScores(matrix, layers, source, followers)
	}));
	const parts = [
		`${measuredWords(record, metric, view)}\n`,
		spans.length > 0
			? `Spans of the plan (similarity to the source, measured)\n${formatTable(spans, COLUMNS)}`
			: 'The plan has no spans: no layer within the limits is similar enough.\n'
	];
	if (plan.predicted) parts.push(savingsText(plan.predicted, name, layers, DEFAULT_DTYPE));
	if (ranked.length > 0) {
		const shown = ranked.slice(0, RANKED_SHOWN);
		parts.push(
			`Best spans within the limits (${shown.length} of ${ranked.length})\n${formatTable(shown, COLUMNS)}`
		);
	}
	parts.push(
		'A candidate: made from similarity alone; what it costs the model was not measured.\n'
	);
	return parts.join('\n');
}
