import { fixed, strokeMark, type Figure, type Mark } from './marks.ts';
import { PAPER } from './medium.ts';
import { COLUMN_WIDTH, LINE, SOFT_INK, text } from './sheet.ts';
import { wrap } from './wrap.ts';

export interface TableFigure {
	title: string;
	caption: string;
	header: readonly string[];
	rows: readonly (readonly string[])[];
}

const LINE_HEIGHT = PAPER.text * 1.35;
const ROW_GAP = 3;

/** Characters that a column is given width for: no more, lest one long cell take the width of all others. */
const MOST_CHARACTERS = 22;
const LEAST_CHARACTERS = 3;

/** Left edge and width of each column, points: in proportion to their longest cells. */
function columnsOf(rows: readonly (readonly string[])[]): { left: number; width: number }[] {
	const parts = rows[0].map((_, column) => {
		const longest = Math.max(...rows.map((row) => row[column].length));
		return Math.max(LEAST_CHARACTERS, Math.min(MOST_CHARACTERS, longest)) + 2;
	});
	const unit = COLUMN_WIDTH / parts.reduce((sum, part) => sum + part, 0);
	let left = 0;
	return parts.map((part) => {
		const column = { left, width: part * unit };
		left += column.width;
		return column;
	});
}

/** A table with caption, at a paper's column width. Long cells are broken into lines. */
export function tableFigure({ header, rows, ...heading }: TableFigure): Figure {
	const columns = columnsOf([header, ...rows]);
	let y = 0;
	const marks: Mark[] = [];
	[header, ...rows].forEach((row, index) => {
		const cells = row.map((cell, column) => wrap(cell, columns[column].width - 6, PAPER.text));
		cells.forEach((lines, column) => {
			lines.forEach((line, at) =>
				marks.push(
					text(line, columns[column].left + 2, y + (at + 1) * LINE_HEIGHT, {
						colour: index === 0 ? SOFT_INK : undefined
					})
				)
			);
		});
		y += Math.max(1, ...cells.map((lines) => lines.length)) * LINE_HEIGHT + ROW_GAP;
		marks.push(
			strokeMark(`M0 ${fixed(y)}H${COLUMN_WIDTH}`, LINE, { strokeWidth: index === 0 ? 0.5 : 0.2 })
		);
	});
	return { ...heading, width: COLUMN_WIDTH, height: y + 2, marks };
}
