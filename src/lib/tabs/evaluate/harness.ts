import type { PairedTask } from '$analysis/measure/tasks/types.ts';
import {
	differenceWords,
	discordantWords,
	metricWords,
	taskValue
} from '$analysis/measure/tasks/words.ts';
import type { ResultSummary } from '$analysis/measure/results/types.ts';
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
		value: metricWords
	},
	{ key: 'questions', title: 'Questions', align: 'right', value: ({ questions }) => questions },
	{
		key: 'a',
		title: 'A',
		align: 'right',
		value: ({ a }) => a,
		format: (_, row) => taskValue(row, row.a)
	},
	{
		key: 'b',
		title: 'B',
		align: 'right',
		value: ({ b }) => b,
		format: (_, row) => taskValue(row, row.b)
	},
	{
		key: 'difference',
		title: 'B − A',
		about: 'Paired by question, with its 95% interval',
		value: ({ delta }) => delta.value,
		format: (_, row) => differenceWords(row)
	},
	{ key: 'low', title: 'Low', hidden: true, value: ({ delta }) => delta.low },
	{ key: 'high', title: 'High', hidden: true, value: ({ delta }) => delta.high },
	{
		key: 'mcnemar',
		title: 'McNemar',
		about: 'Questions that A alone : B alone has right, and p of McNemar’s exact test',
		value: ({ mcnemar }) => mcnemar?.p ?? null,
		format: (_, row) => discordantWords(row)
	}
];
