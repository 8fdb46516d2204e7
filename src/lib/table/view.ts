import { csv } from '$analysis/text/csv.ts';
import type { Term } from '$analysis/text/explanations.ts';

export type TableValue = string | number | boolean | null;

/** A column of a table of `Row`s: how its value is read and shown. */
export interface Column<Row> {
	key: string;
	title: string;
	value: (row: Row) => TableValue;
	/** Text of a cell; the value itself unless given. */
	format?: (value: TableValue, row: Row) => string;
	/** Numbers go right. */
	align?: 'left' | 'right';
	/** Description of the column, shown when the pointer rests on its title. */
	about?: string;
	/** Entry of the table of explanations; a “?” beside the title opens it. */
	term?: Term;
	/** The column is in the CSV, not on the screen. */
	hidden?: boolean;
}

export interface Sort {
	key: string;
	descending: boolean;
}

/** Indices of the rows that hold every word of `words` in some column, sorted. */
export function visibleRows<Row>(
	columns: readonly Column<Row>[],
	rows: readonly Row[],
	words: string,
	sort: Sort | null
): number[] {
	const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
	const matching = rows.flatMap((row, index) => {
		const text = textOf(columns, row);
		return wanted.every((word) => text.includes(word)) ? [index] : [];
	});
	const column = columns.find(({ key }) => key === sort?.key);
	if (sort === null || column === undefined) return matching;
	const values = rows.map(column.value);
	const direction = sort.descending ? -1 : 1;
	return matching.sort((a, b) => compared(values[a], values[b], direction) || a - b);
}

/** Formats the visible rows, hidden columns included, as CSV with the columns' titles as its header. */
export function visibleCsv<Row>(
	columns: readonly Column<Row>[],
	rows: readonly Row[],
	words: string,
	sort: Sort | null
): string {
	const lines = visibleRows(columns, rows, words, sort).map((index) =>
		columns.map(({ value }) => value(rows[index]))
	);
	return csv([columns.map(({ title }) => title), ...lines]);
}

/** The texts of the first `most` visible rows as the screen shows them, below the columns' titles. */
export function visibleTexts<Row>(
	columns: readonly Column<Row>[],
	rows: readonly Row[],
	words: string,
	sort: Sort | null,
	most: number
): { header: string[]; rows: string[][] } {
	const shown = columns.filter(({ hidden }) => hidden !== true);
	const first = visibleRows(columns, rows, words, sort).slice(0, most);
	return {
		header: shown.map(({ title }) => title),
		rows: first.map((index) => shown.map((column) => cellText(column, rows[index])))
	};
}

/** Formats the cell of a row in a column as the screen shows it; “–” for null unless the column formats it. */
export function cellText<Row>(column: Column<Row>, row: Row): string {
	const value = column.value(row);
	return column.format?.(value, row) ?? String(value ?? '–');
}

function textOf<Row>(columns: readonly Column<Row>[], row: Row): string {
	return columns
		.map(({ value, format }) => format?.(value(row), row) ?? String(value(row) ?? ''))
		.join('\u0000')
		.toLowerCase();
}

/** Compares two values for sorting; null goes last, whichever way the rest is sorted. */
function compared(a: TableValue, b: TableValue, direction: 1 | -1): number {
	if (a === null || b === null) return Number(a === null) - Number(b === null);
	return a < b ? -direction : a > b ? direction : 0;
}
