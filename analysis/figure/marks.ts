import type { FigureData } from './data.ts';

/**
 * A colour: CSS, or a custom property of the page such as "var(--ink)", which follows its theme; on paper `PAPER` says
 * what it is.
 */
export type Paint = string;

interface Drawn {
	fill?: Paint;
	stroke?: Paint;
	strokeWidth?: number;
	/** "3 2" */
	dash?: string;
	opacity?: number;
	/** Edges fall on whole pixels. */
	crisp?: boolean;
}

export interface RectMark extends Drawn {
	kind: 'rect';
	x: number;
	y: number;
	width: number;
	height: number;
}

export interface PathMark extends Drawn {
	kind: 'path';
	/** SVG path data. */
	d: string;
	/** Moves the path. */
	x?: number;
	y?: number;
}

export interface TextMark {
	kind: 'text';
	text: string;
	x: number;
	y: number;
	size: number;
	fill: Paint;
	anchor?: 'start' | 'middle' | 'end';
	weight?: number;
	/** Degrees around its own place. */
	turn?: number;
	/** A halo of this colour, which parts it from what lies below. */
	halo?: Paint;
}

/** Pixels of a map that has too many cells for rectangles: RGBA bytes [rows, columns, 4]. */
export interface RasterMark {
	kind: 'raster';
	x: number;
	y: number;
	width: number;
	height: number;
	rows: number;
	columns: number;
	pixels: Uint8ClampedArray<ArrayBuffer>;
}

/** Element of a figure, in drawing order. The page renders marks; saving and the command write them as SVG. */
export type Mark = RectMark | PathMark | TextMark | RasterMark;

/** A drawing below its title and above its caption; points (1/72 inch) on paper. */
export interface Figure {
	title: string;
	caption: string;
	width: number;
	height: number;
	marks: Mark[];
	/** The numbers that it draws. */
	data: FigureData;
}

/** A path mark of a stroke without fill. */
export function strokeMark(d: string, stroke: Paint, rest: Omit<Drawn, 'stroke'> = {}): PathMark {
	return { kind: 'path', d, fill: 'none', stroke, ...rest };
}

/** A number with at most two digits after the point, as SVG writes it. */
export function fixed(value: number): string {
	return String(Math.round(value * 100) / 100);
}
