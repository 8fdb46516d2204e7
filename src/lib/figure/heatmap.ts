import { cssColour, type ColourScale } from '../colour/scale.ts';
import { formatValue } from '$analysis/text/number.ts';
import { layoutMap, tickIndices, type MapLayout } from '../heatmap/geometry.ts';
import { crossPath } from '../heatmap/spans.ts';
import { COLUMN_WIDTH, figure, fixed, LINE, SOFT_INK, text, TEXT_SIZE } from './frame.ts';
import { legend, LEGEND_HEIGHT } from './legend.ts';

export interface HeatmapFigure {
	title: string;
	caption: string;
	rows: number;
	columns: number;
	/** [rows, columns] */
	values: ArrayLike<number>;
	missing?: Uint8Array | null;
	scale: ColourScale;
	legend: string;
	rowTitle: string;
	columnTitle: string;
	rowLabel?: (row: number) => string;
	columnLabel?: (column: number) => string;
	/** Room for labels of tokens, points; 0 for numbers. */
	labelRoom?: number;
	spans?: readonly { first: number; last: number }[];
	/** Layers whose diagonal cell is crossed out. */
	dropped?: readonly number[];
	/** The cells as a PNG data URL; needed above RECT_LIMIT cells. */
	raster?: string | null;
}

/** Cells drawn as vector squares at most; beyond it a file grows to megabytes and an image serves better. */
export const RECT_LIMIT = 128 * 128;

/** A map with axes, spans, legend and caption, as a standalone SVG at a paper's column width. */
export function heatmapFigure(map: HeatmapFigure): string {
	const room = map.labelRoom ?? 0;
	const margins = { left: 26 + room, top: 2, right: 4, bottom: 22 + room };
	const layout = layoutMap(map.rows, map.columns, margins, {
		width: COLUMN_WIDTH,
		// Cells in hundredths of a point, so that the map fills the column.
		pixelRatio: 100,
		maxCell: 20
	});
	const mapHeight = layout.top + layout.height + layout.bottom;
	const [low, high] = map.scale.range;
	const digits = high - low < 0.05 ? 4 : 2;
	return figure({
		title: map.title,
		caption: map.caption,
		height: mapHeight + LEGEND_HEIGHT,
		drawing: [
			cells(map, layout),
			frameOf(layout),
			axes(map, layout),
			...(map.spans ?? []).map((span) => spanOf(span, layout)),
			crosses(map.dropped ?? [], layout),
			legend(
				map.scale,
				map.legend,
				{ left: layout.left, top: mapHeight, width: Math.min(layout.width, 120) },
				(value) => formatValue(value, digits)
			)
		].join('\n')
	});
}

function cells(map: HeatmapFigure, layout: MapLayout): string {
	const { left, top, width, height, cell } = layout;
	const ground = `<rect x="${left}" y="${top}" width="${fixed(width)}" height="${fixed(height)}" fill="#e4e6e9"/>`;
	if (map.rows * map.columns > RECT_LIMIT) {
		if (!map.raster) throw new RangeError(`figure of ${map.rows} × ${map.columns} cells: no image`);
		return `${ground}<image x="${left}" y="${top}" width="${fixed(width)}" height="${fixed(height)}" preserveAspectRatio="none" image-rendering="pixelated" href="${map.raster}"/>`;
	}
	const rectangles: string[] = [];
	for (let row = 0; row < map.rows; row++) {
		// Neighbours of one colour are one rectangle.
		for (let column = 0; column < map.columns;) {
			const colour = colourAt(map, row, column);
			let end = column + 1;
			while (end < map.columns && colourAt(map, row, end) === colour) end++;
			if (colour !== null)
				rectangles.push(
					`<rect x="${fixed(left + column * cell)}" y="${fixed(top + row * cell)}" width="${fixed((end - column) * cell)}" height="${fixed(cell)}" fill="${colour}"/>`
				);
			column = end;
		}
	}
	return `${ground}<g shape-rendering="crispEdges">${rectangles.join('')}</g>`;
}

function colourAt(map: HeatmapFigure, row: number, column: number): string | null {
	const index = row * map.columns + column;
	return map.missing?.[index] === 1 ? null : cssColour(map.scale, map.values[index]);
}

function frameOf({ left, top, width, height }: MapLayout): string {
	return `<rect x="${left}" y="${top}" width="${fixed(width)}" height="${fixed(height)}" fill="none" stroke="${LINE}" stroke-width="0.5"/>`;
}

function axes(map: HeatmapFigure, layout: MapLayout): string {
	const { left, top, width, height, cell, bottom } = layout;
	const room = map.labelRoom ?? 0;
	const { rowLabel = String, columnLabel = String } = map;
	const gap = TEXT_SIZE * 1.15;
	const rows = tickIndices(map.rows, cell, gap).map((row) =>
		text(rowLabel(row), left - 3, top + (row + 0.5) * cell + 2.2, { anchor: 'end' })
	);
	const columns = tickIndices(map.columns, cell, room > 0 ? gap : gap * 1.5).map((column) => {
		const x = left + (column + 0.5) * cell;
		return room > 0
			? text(columnLabel(column), x + 2.2, top + height + 3, { anchor: 'end', turn: -90 })
			: text(columnLabel(column), x, top + height + 8, { anchor: 'middle' });
	});
	const titles = [
		text(map.rowTitle, 7, top + height / 2, { anchor: 'middle', turn: -90, colour: SOFT_INK }),
		text(map.columnTitle, left + width / 2, top + height + bottom - 4, {
			anchor: 'middle',
			colour: SOFT_INK
		})
	];
	return [...rows, ...columns, ...titles].join('');
}

function spanOf(span: { first: number; last: number }, { left, top, cell }: MapLayout): string {
	const size = fixed((span.last - span.first + 1) * cell);
	const place = `x="${fixed(left + span.first * cell)}" y="${fixed(top + span.first * cell)}" width="${size}" height="${size}" fill="none"`;
	return `<rect ${place} stroke="#fff" stroke-width="2"/><rect ${place} stroke="#c43a08" stroke-width="1"/>`;
}

function crosses(layers: readonly number[], { left, top, cell }: MapLayout): string {
	if (layers.length === 0) return '';
	const path = layers
		.map((layer) => crossPath(left + layer * cell, top + layer * cell, cell))
		.join('');
	return `<path d="${path}" stroke="#fff" stroke-width="2"/><path d="${path}" stroke="#c43a08" stroke-width="1"/>`;
}
