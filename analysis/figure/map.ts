import { formatTick } from '../text/number.ts';
import { inColours, paint, type ColourScale } from './colour.ts';
import { layoutMap, type MapLayout } from './layout.ts';
import { legendMarks, type Legend } from './legend.ts';
import { mapAxesMarks, type MapAxes } from './mapAxes.ts';
import type { Figure, Mark } from './marks.ts';
import { cut, textWidth } from './measure.ts';
import { PAPER } from './medium.ts';
import { extentOf } from './range.ts';
import { LINE } from './sheet.ts';
import { crossMarks, spanMarks } from './spans.ts';
import { SINGLE, type Style } from './style.ts';

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

export interface MapFigure extends MapCells, MapAxes {
	title: string;
	caption: string;
	legend: string;
	spans?: readonly { first: number; last: number }[];
	/** Layers whose diagonal cell is crossed out. */
	dropped?: readonly number[];
}

/** No map is higher, points: a page holds more than one figure. */
const MOST_HEIGHT = 330;
/** No cell is larger, points. */
const MOST_CELL = 20;
/** Longest label of a row or column, points. */
const MOST_LABEL = 60;
/** From the left edge to the labels of the rows: the title of the rows. */
const TITLE_LEFT = 12;

/** A map with axes, spans, legend and caption. */
export function mapFigure(map: MapFigure, style: Style = SINGLE): Figure {
	const { title, caption, values, missing = null } = map;
	const { marks, height } = mapMarks(map, style, { left: 0, width: style.width, legend: true });
	return {
		...{ title, caption, width: style.width, height, marks },
		data: { kind: 'map', ...map, scale: inColours(map.scale, style.colours), values, missing }
	};
}

/** A map in part of a figure's width; points. */
export function mapMarks(
	map: MapFigure,
	style: Style,
	{ left: from, width: within, legend }: { left: number; width: number; legend: boolean }
): { marks: Mark[]; height: number } {
	const { rows, columns, turned = 0, rowLabel = String, columnLabel = String } = map;
	const scale = inColours(map.scale, style.colours);
	const short = (label: string) => cut(label, MOST_LABEL, PAPER.text);
	const widest = (count: number, label: (index: number) => string) =>
		Math.max(...Array.from({ length: count }, (_, at) => textWidth(short(label(at)), PAPER.text)));
	const rowWidth = widest(rows, rowLabel);
	const columnHeight = turned > 0 ? widest(columns, columnLabel) : 0;
	const margins = {
		left: TITLE_LEFT + rowWidth + PAPER.map.row,
		top: 1,
		right: 4,
		bottom: columnHeight + (turned > 0 ? 15 : 22)
	};
	const fitted = layoutMap(rows, columns, margins, {
		width: within,
		height: MOST_HEIGHT,
		// Cells in hundredths of a point, so that the map fills the column.
		pixelRatio: 100,
		maxCell: MOST_CELL
	});
	const spare = Math.max(0, within - fitted.left - fitted.width - fitted.right) / 2;
	const layout = { ...fitted, left: from + fitted.left + spare };
	const { left, top, width, height } = layout;
	const box = { kind: 'rect', x: left, y: top, width, height } as const;
	const axes = {
		...map,
		rowLabel: (row: number) => short(rowLabel(row)),
		columnLabel: (column: number) => short(columnLabel(column)),
		turned: columnHeight
	};
	const mapHeight = top + height + layout.bottom;
	const bar =
		legend && style.colourBar
			? legendMarks(legendOf(map, scale), { left, top: mapHeight, width })
			: { marks: [], height: 0 };
	return {
		height: mapHeight + bar.height,
		marks: [
			{ ...box, fill: 'var(--missing)' },
			rasterMark({ ...map, scale }, layout),
			{ ...box, stroke: LINE, strokeWidth: 0.5 },
			...mapAxesMarks(layout, axes, PAPER, left - fitted.left + PAPER.axis.yTitle),
			...(style.spans
				? [
						...(map.spans ?? []).flatMap((span) => spanMarks(span, layout, PAPER)),
						...crossMarks(map.dropped ?? [], layout, PAPER)
					]
				: []),
			...bar.marks
		]
	};
}

/** Returns the legend of a map's colours, marked where values lie below or above their range. */
export function legendOf(
	{ values, missing = null, legend }: MapFigure,
	scale: ColourScale
): Legend {
	const [low, high] = extentOf(values, missing) ?? scale.range;
	return {
		...{ scale, label: legend, format: formatTick },
		under: low < scale.range[0],
		over: high > scale.range[1]
	};
}

/** The cells as one image, whose background is the colour of what is missing. */
function rasterMark(map: MapCells, { left, top, width, height }: MapLayout): Mark {
	const { rows, columns, values, scale, missing = null } = map;
	const pixels = new Uint8ClampedArray(rows * columns * 4);
	paint(values, scale, missing, pixels);
	for (let at = 0; at < pixels.length; at += 4) if (pixels[at + 3] === 0) pixels.set(MISSING, at);
	return { kind: 'raster', x: left, y: top, width, height, rows, columns, pixels };
}

/** --missing on paper, opaque. */
const MISSING = [228, 230, 233, 255];
