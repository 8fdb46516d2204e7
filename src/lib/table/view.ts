import { desc, escape, table, type ColumnTable } from 'arquero';

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
	/** What the column holds, shown when the pointer rests on its title. */
	about?: string;
	/** The column is in the CSV, not on the screen. */
	hidden?: boolean;
}

export interface Sort {
	key: string;
	descending: boolean;
}

/** Column that remembers which row a line came from. */
const ROW = 'row index';

/** An arquero table of the columns' values, with the row's index beside them. */
export function tableOf<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): ColumnTable {
	const entries = columns.map(({ key, value }) => [key, rows.map(value)] as [string, TableValue[]]);
	return table([[ROW, rows.map((_, index) => index)], ...entries]);
}

/** Indices of the rows that hold every word of `words` in some column, sorted. */
export function visibleRows<Row>(
	columns: readonly Column<Row>[],
	rows: readonly Row[],
	words: string,
	sort: Sort | null
): number[] {
	return viewOf(columns, rows, words, sort).array(ROW) as number[];
}

/** What is visible, as CSV with the columns' titles as its header. */
export function visibleCsv<Row>(
	columns: readonly Column<Row>[],
	rows: readonly Row[],
	words: string,
	sort: Sort | null
): string {
	const titles = Object.fromEntries(columns.map(({ key, title }) => [key, title]));
	return viewOf(columns, rows, words, sort).select(titles).toCSV();
}

function viewOf<Row>(
	columns: readonly Column<Row>[],
	rows: readonly Row[],
	words: string,
	sort: Sort | null
): ColumnTable {
	const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
	const texts = rows.map((row) =>
		columns
			.map(({ value, format }) => format?.(value(row), row) ?? String(value(row) ?? ''))
			.join('\u0000')
			.toLowerCase()
	);
	const matching = tableOf(columns, rows).filter(
		escape((line: Record<string, number>) =>
			wanted.every((word) => texts[line[ROW]]?.includes(word))
		)
	);
	if (sort === null) return matching;
	return matching.orderby(sort.descending ? desc(sort.key) : sort.key).reify();
}
