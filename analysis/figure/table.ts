import { fixed, strokeMark, type Figure, type Mark } from './marks.ts';
import { textWidth } from './measure.ts';
import { PAPER } from './medium.ts';
import { LINE, SOFT_INK, text } from './sheet.ts';
import { SINGLE, type Style } from './style.ts';
import { wrap } from './wrap.ts';

export interface TableFigure {
	title: string;
	caption: string;
	header: readonly string[];
	rows: readonly (readonly string[])[];
}

const SIZE = PAPER.label;
const LINE_HEIGHT = SIZE * 1.3;
const ROW_GAP = 3;
/** Between columns. */
const GAP = 6;

/** Widest line of a cell, and widest word: a column is no narrower, where all fit. */
function wantsOf(cells: readonly string[]): { most: number; least: number } {
	const widest = (texts: readonly string[]) =>
		Math.max(...texts.map((each) => textWidth(each, SIZE)));
	return { most: widest(cells), least: widest(cells.flatMap((cell) => cell.split(/\s+/))) };
}

/** Left edge and width of each column, points: what its widest word needs, and of the rest in proportion to its wants. */
function columnsOf(
	rows: readonly (readonly string[])[],
	total: number
): { left: number; width: number }[] {
	const wants = rows[0].map((_, column) => wantsOf(rows.map((row) => row[column])));
	const gaps = GAP * (wants.length - 1);
	const sum = (values: readonly number[]) => values.reduce((all, value) => all + value, 0);
	const [least, most] = [sum(wants.map((want) => want.least)), sum(wants.map((want) => want.most))];
	const available = total - gaps;
	const part = Math.max(0, Math.min(1, (available - least) / Math.max(1e-9, most - least)));
	// Words are broken where not even they fit side by side.
	const squeeze = Math.min(1, available / least);
	let left = 0;
	return wants.map((want) => {
		const width = (want.least + part * (want.most - want.least)) * squeeze;
		const column = { left, width };
		left += width + GAP;
		return column;
	});
}

/** A table with caption. Long cells are broken into lines. */
export function tableFigure(
	{ header, rows, ...heading }: TableFigure,
	style: Style = SINGLE
): Figure {
	const columns = columnsOf([header, ...rows], style.width - 4);
	const end = (columns.at(-1)?.left ?? 0) + (columns.at(-1)?.width ?? 0) + 4;
	const rule = (y: number, strokeWidth: number): Mark =>
		strokeMark(`M0 ${fixed(y)}H${fixed(end)}`, LINE, { strokeWidth });
	let y = 2;
	const marks: Mark[] = [rule(y, 0.8)];
	[header, ...rows].forEach((row, index) => {
		const cells = row.map((cell, column) => wrap(cell, columns[column].width + 0.01, SIZE));
		cells.forEach((lines, column) => {
			lines.forEach((line, at) =>
				marks.push(
					text(line, columns[column].left + 2, y + (at + 1) * LINE_HEIGHT, {
						size: SIZE,
						colour: index === 0 ? SOFT_INK : undefined
					})
				)
			);
		});
		y += Math.max(1, ...cells.map((lines) => lines.length)) * LINE_HEIGHT + ROW_GAP;
		if (index === 0) marks.push(rule(y, 0.5));
	});
	marks.push(rule(y, 0.8));
	return {
		...{ ...heading, width: style.width, height: y + 2, marks },
		data: { kind: 'table', header, rows }
	};
}
