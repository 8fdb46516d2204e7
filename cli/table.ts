import Table from 'cli-table3';
import { quoted } from '../analysis/edge/quote.ts';

/** Longer than any sentence or list that a cell holds. */
const MAX_CELL = 10_000;

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
	for (const row of rows) table.push(columns.map(({ value }) => cell(String(value(row)))));
	return `${withoutTrailingSpaces(table.toString())}\n`;
}

/** Labels and what they say, one per line. */
export function formatFacts(facts: readonly (readonly [string, string])[]): string {
	const width = Math.max(...facts.map(([label]) => label.length));
	return facts.map(([label, text]) => `${label.padEnd(width)}  ${cell(text)}\n`).join('');
}

/** One line, whatever names are in it. */
function cell(text: string): string {
	return quoted(text, MAX_CELL);
}

function withoutTrailingSpaces(text: string): string {
	return text.replace(/ +$/gm, '');
}
