import type { PairedTask } from '$analysis/measure/tasks/types.ts';
import type { ResultSummary } from '$analysis/measure/results/types.ts';
import { intervalText } from '$analysis/text/interval.ts';
import {
	formatPercent,
	formatProbability,
	formatSigned,
	formatValue
} from '$analysis/text/number.ts';
import type { Column } from '../../table/view.ts';

/** One metric of one task of an imported comparison. */
export interface HarnessRow extends PairedTask {
	/** Of the stored comparison. */
	id: string;
	/** Names of the runs. */
	names: { a: string; b: string };
}

/** Rows of every imported comparison, newest first as the results are. */
export function harnessRows(results: readonly ResultSummary[]): HarnessRow[] {
	return results.flatMap(({ id, tasks }) =>
		tasks === null
			? []
			: tasks.rows.map((row) => ({ ...row, id, names: { a: tasks.a, b: tasks.b } }))
	);
}

/** Right and wrong are percentages; other metrics are numbers. */
const formatOf =
	({ mcnemar }: PairedTask) =>
	(value: number) =>
		mcnemar === null ? formatValue(value, 4) : formatPercent(value);

/** "−2.0% [−4.1%, 0.1%]" */
function difference(row: HarnessRow): string {
	const signed = (value: number) => formatSigned(value, formatOf(row));
	return `${signed(row.delta.value)} ${intervalText(row.delta, signed)}`.trimEnd();
}

/** "12 : 32, 0.0037" */
function discordant({ mcnemar }: HarnessRow): string {
	if (mcnemar === null) return '–';
	return `${mcnemar.onlyA} : ${mcnemar.onlyB}, ${formatProbability(mcnemar.p)}`;
}

export const HARNESS_COLUMNS: readonly Column<HarnessRow>[] = [
	{
		key: 'runs',
		title: 'A → B',
		about: 'Names of the two runs',
		value: ({ names: { a, b } }) => `${a} → ${b}`
	},
	{ key: 'task', title: 'Task', value: ({ task }) => task },
	{
		key: 'metric',
		title: 'Metric',
		value: ({ metric, filter }) => (filter === 'none' ? metric : `${metric}, ${filter}`)
	},
	{ key: 'questions', title: 'Questions', align: 'right', value: ({ questions }) => questions },
	{
		key: 'a',
		title: 'A',
		align: 'right',
		value: ({ a }) => a,
		format: (_, row) => formatOf(row)(row.a)
	},
	{
		key: 'b',
		title: 'B',
		align: 'right',
		value: ({ b }) => b,
		format: (_, row) => formatOf(row)(row.b)
	},
	{
		key: 'difference',
		title: 'B − A',
		about: 'Paired by question, with its 95% interval',
		value: ({ delta }) => delta.value,
		format: (_, row) => difference(row)
	},
	{ key: 'low', title: 'Low', hidden: true, value: ({ delta }) => delta.low },
	{ key: 'high', title: 'High', hidden: true, value: ({ delta }) => delta.high },
	{
		key: 'mcnemar',
		title: 'McNemar',
		about: 'Questions that A alone : B alone has right, and p of McNemar’s exact test',
		value: ({ mcnemar }) => mcnemar?.p ?? null,
		format: (_, row) => discordant(row)
	}
];
