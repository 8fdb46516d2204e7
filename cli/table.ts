import Table from 'cli-table3';

export interface Column<Row> {
	title: string;
	value: (row: Row) => string | number;
	align?: 'left' | 'right';
}

const NO_LINES = {
	top: '',
	'top-mid': '',
	'top-left': '',
	'top-right': '',
	bottom: '',
	'bottom-mid': '',
	'bottom-left': '',
	'bottom-right': '',
	left: '',
	'left-mid': '',
	mid: '',
	'mid-mid': '',
	right: '',
	'right-mid': '',
	middle: '  '
};

/** Rows under their titles, in aligned columns without lines; ends with a line break. */
export function formatTable<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): string {
	const table = new Table({
		head: columns.map(({ title }) => title),
		colAligns: columns.map(({ align }) => align ?? 'left'),
		chars: NO_LINES,
		style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 }
	});
	for (const row of rows) table.push(columns.map(({ value }) => String(value(row))));
	return `${withoutTrailingSpaces(table.toString())}\n`;
}

/** Labels and what they say, one a line. */
export function formatFacts(facts: readonly (readonly [string, string])[]): string {
	const width = Math.max(...facts.map(([label]) => label.length));
	return facts.map(([label, text]) => `${label.padEnd(width)}  ${text}\n`).join('');
}

function withoutTrailingSpaces(text: string): string {
	return text.replace(/ +$/gm, '');
}
