import type { ColourScale } from './colour.ts';
import type { Series } from './frame.ts';
import type { PointSeries } from './plot.ts';

export interface MapData {
	kind: 'map';
	rows: number;
	columns: number;
	/** [rows, columns] */
	values: ArrayLike<number>;
	/** [rows, columns]; 1 where there is no value. */
	missing: Uint8Array | null;
	scale: ColourScale;
	legend: string;
	rowTitle: string;
	columnTitle: string;
	rowLabel?: (row: number) => string;
	columnLabel?: (column: number) => string;
}

export interface LinesData {
	kind: 'lines';
	xTitle: string;
	/** Bars in place of lines. */
	bars?: boolean;
	charts: readonly { title: string; series: readonly Series[] }[];
}

export interface PointsData {
	kind: 'points';
	xTitle: string;
	yTitle: string;
	series: readonly PointSeries[];
}

export interface TableData {
	kind: 'table';
	header: readonly string[];
	rows: readonly (readonly string[])[];
}

/** Maps side by side. */
export interface MapsData {
	kind: 'maps';
	maps: readonly ({ title: string } & MapData)[];
}

/** The numbers that a figure draws. */
export type FigureData = MapData | LinesData | PointsData | TableData | MapsData;
