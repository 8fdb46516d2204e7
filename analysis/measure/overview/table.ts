import { desc, escape, op, table, type ColumnTable } from 'arquero';
import type { Value, WorkspaceRows } from './rows.ts';
import { meets, parseWhere } from './where.ts';

/** Tables of results, by the subject of their rows. */
export const OVERVIEWS = ['measurements', 'plans', 'spans'] as const;
export type Overview = (typeof OVERVIEWS)[number];

/** Columns of the label that a person gave the run or result of a row. */
const LABEL_COLUMNS = ['label', 'tags', 'note', 'pinned'] as const;

/**
 * Columns of each table. `rank`: 1 for the lowest loss increase among a model's; `similarity`: mean `cosine` (view
 * `all`) of followers to their sources, by the model's newest run.
 */
const OVERVIEW_COLUMNS = {
	measurements: [
		...['model', 'kind', 'id', 'created', 'texts', 'context', 'windows', 'result'],
		...LABEL_COLUMNS
	],
	plans: [
		...['model', 'rank', 'name', 'change', 'counts', 'saved', 'loss', 'low', 'high', 'similarity'],
		...['kind', 'id', ...LABEL_COLUMNS]
	],
	spans: [
		...['model', 'rank', 'change', 'loss', 'low', 'high', 'similarity', 'id'],
		...LABEL_COLUMNS
	]
} as const satisfies Record<Overview, readonly string[]>;

/** Rows of a table, each value under the name of its column. */
export interface OverviewTable {
	of: Overview;
	columns: readonly string[];
	rows: Record<string, Value>[];
}

/**
 * One table over all models of a workspace, a model's rows together: measurements newest first, plans and spans by
 * their loss increase; what is pinned comes first. Keeps the rows that meet every condition of `where` ("loss<0.1"); ranks count all of them.
 * Throws InputError for a condition that cannot be read.
 */
export function overviewTable(
	rows: WorkspaceRows,
	of: Overview,
	where: readonly string[] = []
): OverviewTable {
	const columns = OVERVIEW_COLUMNS[of];
	const conditions = where.map((text) => parseWhere(text, columns));
	const whole =
		of === 'measurements'
			? fromRows(rows.measurements, columns).orderby('model', desc('created'))
			: ranked(withSimilarity(fromRows(rows[of], CHANGE_COLUMNS[of]), rows));
	const kept = whole.filter(
		escape((row: Record<string, Value>) =>
			conditions.every((condition) => meets(row[condition.column] ?? null, condition))
		)
	);
	const objects = (kept.objects() as Record<string, Value | undefined>[]).sort(
		(a, b) => Number(b.pinned === 'yes') - Number(a.pinned === 'yes')
	);
	return {
		of,
		columns,
		rows: objects.map((row) => Object.fromEntries(columns.map((name) => [name, row[name] ?? null])))
	};
}

const CHANGE_COLUMNS = {
	plans: [
		...['key', 'model', 'hash', 'name', 'change', 'counts', 'saved', 'loss', 'low', 'high'],
		...['kind', 'id', ...LABEL_COLUMNS]
	],
	spans: ['key', 'model', 'hash', 'change', 'loss', 'low', 'high', 'id', ...LABEL_COLUMNS]
};

/** Columns that say of which two layers of which model a row is. */
const SAME_PAIR = ['hash', 'source', 'follower'];

/** Joins each change with the similarity of its followers to their sources, their mean. */
function withSimilarity(changes: ColumnTable, { pairs, similarity }: WorkspaceRows): ColumnTable {
	const means = fromRows(pairs, ['key', 'hash', 'source', 'follower'])
		.join(fromRows(similarity, ['hash', 'source', 'follower', 'similarity']), [
			SAME_PAIR,
			SAME_PAIR
		])
		.groupby('key')
		.rollup({ similarity: op.mean('similarity') });
	return changes.join_left(means, 'key');
}

/** Ranks changes of the same weights by loss increase; models in alphabetical order. */
function ranked(changes: ColumnTable): ColumnTable {
	return changes
		.groupby('hash')
		.orderby('loss')
		.derive({ rank: op.rank() })
		.ungroup()
		.orderby('model', 'hash', 'rank');
}

/** A table with these columns, even where there are no rows. */
function fromRows(rows: readonly object[], columns: readonly string[]): ColumnTable {
	const valuesOf = (column: string) =>
		rows.map((row) => (row as Record<string, Value>)[column] ?? null);
	return table(columns.map((column): [string, Value[]] => [column, valuesOf(column)]));
}
