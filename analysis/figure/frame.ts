import { scaleLinear } from 'd3-scale';
import { area, line } from 'd3-shape';

/** One line of a chart. */
export interface Series {
	name: string;
	/** CSS colour. */
	colour: string;
	xs: readonly number[];
	/** NaN leaves a gap. */
	ys: readonly number[];
	dashed?: boolean;
	/** Interval around the line, as long as it. */
	low?: readonly number[];
	high?: readonly number[];
}

/** Rectangle of a chart's lines, CSS pixels, and the values at its edges. */
export interface ChartFrame {
	left: number;
	top: number;
	width: number;
	height: number;
	x: readonly [number, number];
	y: readonly [number, number];
}

/** Horizontal place of `x`. */
export function placeX(frame: ChartFrame, x: number): number {
	return frame.left + ((x - frame.x[0]) / (frame.x[1] - frame.x[0])) * frame.width;
}

/** Vertical place of `y`; larger is higher. */
export function placeY(frame: ChartFrame, y: number): number {
	return frame.top + (1 - (y - frame.y[0]) / (frame.y[1] - frame.y[0])) * frame.height;
}

/** Value of x at a horizontal place. */
export function valueAtX(frame: ChartFrame, place: number): number {
	return frame.x[0] + ((place - frame.left) / frame.width) * (frame.x[1] - frame.x[0]);
}

/** Values that differ by less, as a fraction of their size, are one: there are no round numbers between them. */
const FLAT = 1e-6;

/** Ticks that a range has about, between its ends. */
const NICE_TICKS = 3;

/** A range that holds every value and interval, ending on round numbers; [0, 1] where there are none. */
export function niceRange(series: readonly Series[]): [number, number] {
	const values = series
		.flatMap(({ ys, low = [], high = [] }) => [...ys, ...low, ...high])
		.filter(Number.isFinite);
	if (values.length === 0) return [0, 1];
	const [low, high] = [Math.min(...values), Math.max(...values)];
	const size = Math.max(Math.abs(low), Math.abs(high));
	const margin = high - low <= size * FLAT ? size * 0.1 || 1 : 0;
	const [from, to] = scaleLinear([low - margin, high + margin], [0, 1])
		.nice(NICE_TICKS)
		.domain();
	return [from, to];
}

/** Round values along an axis, about as many as asked for. */
export function ticksOf([from, to]: readonly [number, number], count: number): number[] {
	return scaleLinear([from, to], [0, 1]).ticks(count);
}

/** SVG path of a line, with a gap at every value that is not a number. */
export function linePath(frame: ChartFrame, { xs, ys }: Series): string {
	const path = line<number>(
		(_, index) => placeX(frame, xs[index]),
		(y) => placeY(frame, y)
	);
	return path.defined(Number.isFinite).digits(2)(ys) ?? '';
}

/** SVG path of the band between `low` and `high`; empty where the series has none. */
export function bandPath(frame: ChartFrame, { xs, low, high }: Series): string {
	if (low === undefined || high === undefined || low.length === 0) return '';
	const path = area<number>(
		(x) => placeX(frame, x),
		(_, index) => placeY(frame, low[index]),
		(_, index) => placeY(frame, high[index])
	);
	return path.digits(2)(xs) ?? '';
}

/** Index of the x nearest to `x`; of two equally near the later. −1 in an empty series. */
export function nearest(xs: readonly number[], x: number): number {
	let best = -1;
	xs.forEach((other, index) => {
		if (best < 0 || Math.abs(other - x) <= Math.abs(xs[best] - x)) best = index;
	});
	return best;
}
