import { messageOf } from '$analysis/errors.ts';
import type { Value } from '$analysis/measure/overview/rows.ts';
import { isFound, parseSearch } from '$analysis/measure/overview/search.ts';

/** Finds the rows that match a line of search. Returns all rows, with the reason, if the line cannot be read. */
export function findRows<Row>(
	rows: readonly Row[],
	text: string,
	columns: readonly string[],
	valuesOf: (row: Row) => Readonly<Record<string, Value>>
): { found: readonly Row[]; problem: string | null } {
	try {
		const search = parseSearch(text, columns);
		return { found: rows.filter((row) => isFound(valuesOf(row), search)), problem: null };
	} catch (error) {
		return { found: rows, problem: messageOf(error) };
	}
}

/** Rows in their order, those that are pinned before all others. */
export function pinnedFirst<Row>(
	rows: readonly Row[],
	isPinned: (row: Row) => boolean
): readonly Row[] {
	return rows.toSorted((a, b) => Number(isPinned(b)) - Number(isPinned(a)));
}
