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

/** A table with caption, as a standalone SVG at a paper's column width. Long cells are broken into lines. */
export function tableFigure({ header, rows, ...heading }: TableFigure): string {
	const width = COLUMN_WIDTH / Math.max(1, header.length);
	let y = 0;
	const drawing: string[] = [];
	[header, ...rows].forEach((row, index) => {
		const cells = row.map((cell) => wrap(cell, width - 6, TEXT_SIZE));
		cells.forEach((lines, column) => {
			lines.forEach((line, at) =>
				drawing.push(
					text(line, column * width + 2, y + (at + 1) * LINE_HEIGHT, {
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
