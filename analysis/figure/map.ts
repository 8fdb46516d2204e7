import { formatValue } from '../text/number.ts';
import { cssColour, paint, type ColourScale } from './colour.ts';
import { layoutMap, tickIndices, type MapLayout } from './layout.ts';
import { legendMarks, LEGEND_HEIGHT } from './legend.ts';
import { strokeMark, type Figure, type Mark, type TextMark } from './marks.ts';
import { PAPER, type Medium } from './medium.ts';
import { COLUMN_WIDTH, LINE } from './sheet.ts';
import { crossMarks, spanMarks } from './spans.ts';

/** Cells of a map. */
export interface MapCells {
	rows: number;
	columns: number;
	/** [rows, columns] */
	values: ArrayLike<number>;
	/** [rows, columns]; 1 where there is nothing to show. */
	missing?: Uint8Array | null;
	scale: ColourScale;
}

/** What is written along a map. */
export interface MapAxes {
	rowTitle: string;
	columnTitle: string;
	rowLabel?: (row: number) => string;
	columnLabel?: (column: number) => string;
	/** Width of turned labels of columns, such as tokens; 0 for numbers. */
	turned?: number;
}

export interface MapFigure extends MapCells, MapAxes {
	title: string;
	caption: string;
	legend: string;
	spans?: readonly { first: number; last: number }[];
	/** Layers whose diagonal cell is crossed out. */
	dropped?: readonly number[];
}

/** Cells drawn as rectangles at most; beyond it a file grows to megabytes and one raster serves better. */
export const RECT_LIMIT = 128 * 128;

/** A map with axes, spans, legend and caption, at a paper's column width. */
export function mapFigure(map: MapFigure): Figure {
	const { title, caption, rows, columns, scale, turned = 0 } = map;
	const margins = { left: 26 + turned, top: 2, right: 4, bottom: 22 + turned };
	const layout = layoutMap(rows, columns, margins, {
		width: COLUMN_WIDTH,
		// Cells in hundredths of a point, so that the map fills the column.
		pixelRatio: 100,
		maxCell: 20
	});
	const mapHeight = layout.top + layout.height + layout.bottom;
	const [low, high] = scale.range;
	const digits = high - low < 0.05 ? 4 : 2;
	const { left, top, width, height } = layout;
	const box = { kind: 'rect', x: left, y: top, width, height } as const;
	const marks: Mark[] = [
		{ ...box, fill: 'var(--missing)' },
		...cellMarks(map, layout),
		{ ...box, stroke: LINE, strokeWidth: 0.5 },
		...mapAxesMarks(layout, map, PAPER),
		...(map.spans ?? []).flatMap((span) => spanMarks(span, layout, PAPER)),
		...crossMarks(map.dropped ?? [], layout, PAPER),
		...legendMarks(
			scale,
			map.legend,
			{ left, top: mapHeight, width: Math.min(width, 120) },
			(value) => formatValue(value, digits)
		)
	];
	return { title, caption, width: COLUMN_WIDTH, height: mapHeight + LEGEND_HEIGHT, marks };
}

/** Cells in their colours: rectangles, neighbours of one colour as one; a raster where there are too many. */
export function cellMarks(map: MapCells, { left, top, width, height, cell }: MapLayout): Mark[] {
	const { rows, columns, values, scale, missing = null } = map;
	if (rows * columns > RECT_LIMIT) {
		const pixels = new Uint8ClampedArray(rows * columns * 4);
		paint(values, scale, missing, pixels);
		return [{ kind: 'raster', x: left, y: top, width, height, rows, columns, pixels }];
	}
	const marks: Mark[] = [];
	const colourAt = (row: number, column: number) => {
		const index = row * columns + column;
		return missing?.[index] === 1 ? null : cssColour(scale, values[index]);
	};
	for (let row = 0; row < rows; row++)
		for (let column = 0; column < columns;) {
			const fill = colourAt(row, column);
			let end = column + 1;
			while (end < columns && colourAt(row, end) === fill) end++;
			if (fill !== null) {
				const [x, y] = [left + column * cell, top + row * cell];
				const size = { width: (end - column) * cell, height: cell };
				marks.push({ kind: 'rect', x, y, ...size, fill, crisp: true });
			}
			column = end;
		}
	return marks;
}

/** Labels, ticks and titles along a map. */
export function mapAxesMarks(
	layout: MapLayout,
	{ rowTitle, columnTitle, rowLabel = String, columnLabel = String, turned = 0 }: MapAxes,
	{ text: size, axis, map }: Medium
): Mark[] {
	const { left, top, width, height, cell } = layout;
	const bottom = top + height;
	const words = (
		text: string,
		x: number,
		y: number,
		rest: Partial<TextMark> & Pick<TextMark, 'anchor'>
	): Mark[] =>
		text === '' ? [] : [{ kind: 'text', text, x, y, size, fill: 'var(--ink-2)', ...rest }];
	const tick = (d: string): Mark[] =>
		map.tick === 0 ? [] : [strokeMark(d, 'var(--line-strong)', { strokeWidth: 1, crisp: true })];
	const title = { anchor: 'middle', size: map.title, fill: 'var(--ink-3)' } as const;
	const columnGap = turned > 0 ? map.gap : map.gap * 1.5;
	return [
		...tickIndices(layout.rows, cell, map.gap).flatMap((row) => {
			const y = top + (row + 0.5) * cell;
			return [
				...tick(`M${left - map.tick} ${y}h${map.tick}`),
				...words(rowLabel(row), left - map.row, y + size * 0.36, { anchor: 'end' })
			];
		}),
		...tickIndices(layout.columns, cell, columnGap).flatMap((column) => {
			const x = left + (column + 0.5) * cell;
			return [
				...tick(`M${x} ${bottom}v${map.tick}`),
				...(turned > 0
					? words(columnLabel(column), x + size * 0.36, bottom + map.row, {
							anchor: 'end',
							turn: -90
						})
					: words(columnLabel(column), x, bottom + map.column, { anchor: 'middle' }))
			];
		}),
		...words(rowTitle, axis.yTitle, top + height / 2, { ...title, turn: -90 }),
		...words(columnTitle, left + width / 2, bottom + turned + map.below[turned > 0 ? 1 : 0], title)
	];
}
