import type { RankedSpan } from '../analysis/plan/limits.ts';
import { savings, SAVINGS_DEFAULTS, type SavingsSetting } from '../analysis/plan/savings.ts';
import { sourcesOf, spanScores } from '../analysis/plan/spans.ts';
import type { Plan } from '../analysis/plan/types.ts';
import type { RunRecord } from '../analysis/workspace/run/types.ts';
import type { Metric, View } from '../analysis/similarity/types.ts';
import { formatPercent, formatValue } from '../analysis/text/number.ts';
import { measuredWords } from './measured.ts';
import { savingsText } from './savingsText.ts';
import { formatTable, type Column } from './table.ts';

/** Spans beyond these rank low; all of them are on the run's page. */
const RANKED_SHOWN = 10;

type ShownSpan = Omit<RankedSpan, 'length'>;

/** A plan for a person: its spans, what it is predicted to save, and the best spans there are. */
export function planText(
	record: RunRecord,
	plan: Plan,
	matrix: Float64Array,
	ranked: readonly RankedSpan[],
	{ metric, view, setting }: { metric: Metric; view: View; setting: SavingsSetting }
): string {
	const { name, layers } = plan.model;
	const columns = columnsFor(record, setting);
	const spans = plan.spans.map(({ source, followers }) => ({
		source,
		followers,
		...spanScores(matrix, layers, source, followers)
	}));
	const parts = [`${measuredWords(record, metric, view)}\n`];
	if (spans.length === 0)
		parts.push('The plan has no spans: no layer within the limits qualifies.\n');
	else {
		parts.push(`Spans of the plan\n${formatTable(spans, columns)}`);
		if (plan.predicted)
			parts.push(savingsText(plan.predicted, name, layers, SAVINGS_DEFAULTS.dtype));
	}
	if (ranked.length > 0) {
		const shown = ranked.slice(0, RANKED_SHOWN);
		parts.push(
			`Best spans within the limits (${shown.length} of ${ranked.length})\n${formatTable(shown, columns)}`
		);
	}
	parts.push(
		'MEAN and LOWEST: similarity to the source, measured. K, V SAVED and PARAMETERS: predicted.\n' +
			'Candidates: made from similarity alone; what they cost the model was not measured.\n'
	);
	return parts.join('\n');
}

function columnsFor({ model }: RunRecord, setting: SavingsSetting): Column<ShownSpan>[] {
	const saved = (span: ShownSpan) => savings(model, sourcesOf([span], model.layers), setting);
	return [
		{ title: 'SOURCE', value: ({ source }) => source, align: 'right' },
		{ title: 'FOLLOWERS', value: ({ followers }) => followers.join(' ') },
		{ title: 'LAYERS', value: ({ followers }) => followers.length + 1, align: 'right' },
		{ title: 'MEAN', value: ({ mean }) => formatValue(mean), align: 'right' },
		{ title: 'LOWEST', value: ({ min }) => formatValue(min), align: 'right' },
		{
			title: 'K, V SAVED',
			value: (span) => formatPercent(saved(span).kCache.shareOfKv),
			align: 'right'
		},
		{
			title: 'PARAMETERS',
			value: (span) => formatPercent(saved(span).parameters.share),
			align: 'right'
		}
	];
}
