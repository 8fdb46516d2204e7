import { COLUMN_WIDTH, figure, fixed, LINE, SOFT_INK, text, TEXT_SIZE } from './frame.ts';
import { wrap } from './text.ts';

export interface TableFigure {
	title: string;
	caption: string;
	header: readonly string[];
	rows: readonly (readonly string[])[];
}

const LINE_HEIGHT = TEXT_SIZE * 1.35;
const ROW_GAP = 3;

/** Characters that a column is given room for: no more, lest one long cell take the room of all others. */
const MOST_CHARACTERS = 22;
const LEAST_CHARACTERS = 3;

/** Left edge and width of each column, points: shared out by their longest cells. */
function columnsOf(rows: readonly (readonly string[])[]): { left: number; width: number }[] {
	const shares = rows[0].map((_, column) => {
		const longest = Math.max(...rows.map((row) => row[column].length));
		return Math.max(LEAST_CHARACTERS, Math.min(MOST_CHARACTERS, longest)) + 2;
	});
	const unit = COLUMN_WIDTH / shares.reduce((sum, share) => sum + share, 0);
	let left = 0;
	return shares.map((share) => {
		const column = { left, width: share * unit };
		left += column.width;
		return column;
	});
}

/** A table with caption, as a standalone SVG at a paper's column width. Long cells are broken into lines. */
export function tableFigure({ header, rows, ...heading }: TableFigure): string {
	const columns = columnsOf([header, ...rows]);
	let y = 0;
	const drawing: string[] = [];
	[header, ...rows].forEach((row, index) => {
		const cells = row.map((cell, column) => wrap(cell, columns[column].width - 6, TEXT_SIZE));
		cells.forEach((lines, column) => {
			lines.forEach((line, at) =>
				drawing.push(
					text(line, columns[column].left + 2, y + (at + 1) * LINE_HEIGHT, {
						colour: index === 0 ? SOFT_INK : undefined
					})
				)
			);
		});
		y += Math.max(1, ...cells.map((lines) => lines.length)) * LINE_HEIGHT + ROW_GAP;
		drawing.push(
			`<path d="M0 ${fixed(y)}H${COLUMN_WIDTH}" stroke="${LINE}" stroke-width="${index === 0 ? 0.5 : 0.2}"/>`
		);
	});
	return figure({ ...heading, height: y + 2, drawing: drawing.join('\n') });
}
