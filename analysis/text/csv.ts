import { csvFormatRows } from 'd3-dsv';

export type Cell = string | number | boolean | null;

/** More digits than the float32 attention behind a matrix has. */
const ROUNDING = 1e7;
/** Characters with which a cell of text becomes a formula in a spreadsheet (OWASP, CSV injection). */
const FORMULA = /^[=+\-@\t\r]/;

/** Writes rows as CSV, as every CSV file of Spanwise is written: a line each, null empty, numbers as they are. */
export function csv(rows: readonly (readonly Cell[])[]): string {
	return `${csvFormatRows(rows.map((row) => row.map(cellText)))}\n`;
}

/** Text stays on its line, and a quote before what would be a formula makes it text for a spreadsheet too. */
function cellText(cell: Cell): string {
	if (typeof cell !== 'string') return String(cell ?? '');
	const isNumber = cell.trim() !== '' && Number.isFinite(Number(cell));
	return oneLine(FORMULA.test(cell) && !isNumber ? `'${cell}` : cell);
}

function oneLine(text: string): string {
	return text.replaceAll(/[\r\n\u0085\u2028\u2029]+/g, ' ');
}

/**
 * A matrix [rows, columns], rounded to 7 digits, with the indices of its layers (or heads) along the top and the left.
 * With a definition, comment lines beginning with # say before it how the numbers came about.
 */
export function matrixCsv(
	matrix: Float64Array,
	columns: number,
	definition: object | null,
	axis: 'layer' | 'head' = 'layer'
): string {
	const header: Cell[] = [axis, ...Array.from({ length: columns }, (_, column) => column)];
	const body = roundedRows(matrix, columns).map((row, index): Cell[] => [index, ...row]);
	return (definition === null ? '' : cardLines(definition)) + csv([header, ...body]);
}

/** A row-major matrix as rows, rounded to 7 digits. */
export function roundedRows(matrix: Float64Array, columns: number): number[][] {
	return Array.from({ length: matrix.length / columns }, (_, row) =>
		Array.from(
			matrix.subarray(row * columns, (row + 1) * columns),
			(value) => Math.round(value * ROUNDING) / ROUNDING
		)
	);
}

/** A definition card, or anything else that says how numbers came about, as comment lines that begin with #. */
export function cardLines(card: object): string {
	return Object.entries(card)
		.map(([name, value]: [string, unknown]) => {
			const text = typeof value === 'string' ? value : JSON.stringify(value);
			return `# ${oneLine(`${name}: ${text}`)}\n`;
		})
		.join('');
}
