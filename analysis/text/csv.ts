import { csvFormatRow } from 'd3-dsv';
import { oneLine } from './oneLine.ts';

export type Cell = string | number | boolean | null;

/** More digits than the float32 attention behind a matrix has. */
const ROUNDING = 1e7;
/** Characters with which a cell of text becomes a formula in a spreadsheet, spaces before them or not (OWASP, CSV injection). */
const FORMULA = /^(\t|\s*[=+\-@＝＋－＠])/;

/** Writes rows as CSV, as every CSV file of Spanwise is written: a line each, null empty, numbers as they are. */
export function csv(rows: readonly (readonly Cell[])[]): string {
	return rows.map((row) => `${csvLine(row.map(cellText))}\n`).join('');
}

/** Quotes a first cell that begins with #, or the line would be taken for a comment. */
function csvLine(cells: readonly string[]): string {
	const line = csvFormatRow([...cells]);
	return line.startsWith('#') ? `"${cells[0]}"${line.slice(cells[0].length)}` : line;
}

/** Text stays on its line, and a quote before what would be a formula makes it text for a spreadsheet too. */
function cellText(cell: Cell): string {
	if (typeof cell !== 'string') return String(cell ?? '');
	const line = oneLine(cell);
	const isNumber = line.trim() !== '' && Number.isFinite(Number(line));
	return FORMULA.test(line) && !isNumber ? `'${line}` : line;
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
