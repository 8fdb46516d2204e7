/** One cell of a map; 0-based. */
export interface Cell {
	row: number;
	column: number;
}

/** Space around the cells for axes, CSS pixels. */
export interface Margins {
	left: number;
	top: number;
	right: number;
	bottom: number;
}

/** Layout of a map's cells, CSS pixels from the top left corner of the drawing. */
export interface MapLayout extends Margins {
	rows: number;
	columns: number;
	/** Edge of a square cell. */
	cell: number;
	/** Of the cells alone. */
	width: number;
	height: number;
}

/** No cell is drawn larger than this; a 6 × 6 map of heads would otherwise shout. */
export const MAX_CELL = 44;

/** Whole device pixels are taken where they keep this fraction of the space; else small cells leave a gap beside the map. */
const LEAST_FILL = 0.9;

/**
 * Square cells that fit into the width, and the height where given. They are a whole number of device
 * pixels where that costs little space, so that all cells are equally large and edges are sharp.
 */
export function layoutMap(
	rows: number,
	columns: number,
	margins: Margins,
	available: { width: number; height?: number; pixelRatio?: number; maxCell?: number }
): MapLayout {
	const { pixelRatio = 1, maxCell = MAX_CELL } = available;
	const byWidth = (available.width - margins.left - margins.right) / Math.max(1, columns);
	const byHeight =
		((available.height ?? Infinity) - margins.top - margins.bottom) / Math.max(1, rows);
	const fitting = Math.max(0.1, Math.min(byWidth, byHeight, maxCell));
	const device = fitting * pixelRatio;
	const whole = Math.floor(device);
	const cell = whole / device >= LEAST_FILL ? whole / pixelRatio : fitting;
	return { ...margins, rows, columns, cell, width: cell * columns, height: cell * rows };
}

/** The whole drawing, margins and all. */
export function drawingSize(layout: MapLayout): { width: number; height: number } {
	return {
		width: layout.left + layout.width + layout.right,
		height: layout.top + layout.height + layout.bottom
	};
}

/** Computes the rectangle of a cell in the drawing, CSS pixels. */
export function cellBox(
	{ left, top, cell }: MapLayout,
	{ row, column }: Cell
): { left: number; top: number; width: number; height: number } {
	return { left: left + column * cell, top: top + row * cell, width: cell, height: cell };
}

/** The cell at a point of the drawing, or null outside. */
export function cellAt(layout: MapLayout, x: number, y: number): Cell | null {
	const column = Math.floor((x - layout.left) / layout.cell);
	const row = Math.floor((y - layout.top) / layout.cell);
	const inside = column >= 0 && column < layout.columns && row >= 0 && row < layout.rows;
	return inside ? { row, column } : null;
}

/** The cell `rowStep` and `columnStep` away, held inside the map. */
export function moveCell(layout: MapLayout, from: Cell, rowStep: number, columnStep: number): Cell {
	return {
		row: clamp(from.row + rowStep, 0, layout.rows - 1),
		column: clamp(from.column + columnStep, 0, layout.columns - 1)
	};
}

/**
 * Indices that get a label on an axis of `count` cells of `cell` pixels: multiples of 1, 2, 5, 10, 20,
 * 50, … such that labels are `gap` pixels apart or more. Index 0 is always among them.
 */
export function tickIndices(count: number, cell: number, gap: number): number[] {
	const step = tickStep(gap / cell);
	const indices: number[] = [];
	for (let index = 0; index < count; index += step) indices.push(index);
	return indices;
}

/** The smallest of 1, 2, 5, 10, 20, 50, … that is at least `least`. */
export function tickStep(least: number): number {
	for (let power = 1; ; power *= 10) {
		for (const factor of [1, 2, 5]) if (factor * power >= least) return factor * power;
	}
}

/** Layers on the diagonal under a drag from one point to another: nearest layers, in order. */
export function diagonalRange(
	layout: MapLayout,
	from: { x: number; y: number },
	to: { x: number; y: number }
): { first: number; last: number } {
	const ends = [diagonalIndex(layout, from), diagonalIndex(layout, to)];
	return { first: Math.min(...ends), last: Math.max(...ends) };
}

/** The layer whose diagonal cell is nearest to a point. */
export function diagonalIndex(layout: MapLayout, point: { x: number; y: number }): number {
	const along = (point.x - layout.left + (point.y - layout.top)) / 2;
	return clamp(Math.floor(along / layout.cell), 0, Math.min(layout.rows, layout.columns) - 1);
}

/** Is a point near enough to the diagonal to take hold of it? Within 0.75 cell, or 9 pixels on fine maps. */
export function nearDiagonal(layout: MapLayout, point: { x: number; y: number }): boolean {
	const across = Math.abs(point.x - layout.left - (point.y - layout.top));
	return across <= Math.max(layout.cell * 0.75, 9);
}

function clamp(value: number, low: number, high: number): number {
	return Math.max(low, Math.min(high, value));
}
