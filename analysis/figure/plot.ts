import { scaleLinear } from 'd3-scale';
import { beyondRange } from './beyond.ts';
import type { Paint } from './marks.ts';
import { placeX, placeY, ticksOf, type ChartFrame } from './frame.ts';
import type { PointShape } from './shapes.ts';

/** One point, with the interval of its y. */
export interface ChartPoint {
	id: string;
	x: number;
	y: number;
	low?: number | null;
	high?: number | null;
	/** Description of the point, read out and shown when it is pointed at. */
	title: string;
	/** Written beside it. */
	label?: string;
	/** Instead of its series' colour. */
	colour?: Paint;
	/** Marked with a ring: something to look at. */
	marked?: boolean;
	/** Drawn so many symbols beside its place, so that points of one x and their intervals are seen. */
	aside?: number;
}

export interface PointSeries {
	name: string;
	colour: Paint;
	shape: PointShape;
	points: readonly ChartPoint[];
	/** A line joins its points, in their order. */
	joined?: boolean;
	/** Background: small, and not to be pointed at. */
	faint?: boolean;
}

/** A line across the chart at a value of x or y, or where both are equal. */
export interface Rule {
	axis: 'x' | 'y' | 'diagonal';
	at: number;
	label: string;
	dashed?: boolean;
}

/** Contents of a chart of points, on the screen and on paper. */
export interface PointPlot {
	series: readonly PointSeries[];
	rules?: readonly Rule[];
	/** Ranges of the axes; around points, intervals and rules unless given. */
	x?: readonly [number, number];
	y?: readonly [number, number];
	xTitle: string;
	yTitle: string;
	xFormat: (value: number) => string;
	yFormat: (value: number) => string;
	/** Axes hold the bulk of the points; those beyond stand at the edge as arrows. */
	beyond?: boolean;
	/** Ticks of x; round values unless given. */
	xTicks?: readonly { at: number; label: string }[];
}

/** The axes of a chart: what they reach, and their ticks, about `xCount` of x. */
export function axesOf(plot: Omit<PointPlot, 'xTitle' | 'yTitle'>, xCount: number) {
	const { series, rules = [], xFormat, yFormat } = plot;
	const limits = (axis: 'x' | 'y') =>
		rules.flatMap((rule) => (rule.axis === axis ? [rule.at] : []));
	const xs = series.flatMap(({ points }) => points.map((point) => point.x));
	const ys = reachOf(series);
	const x = plot.x ?? (plot.beyond ? beyondRange(xs) : rangeOf(xs, limits('x')));
	const y = plot.y ?? (plot.beyond ? beyondRange(ys) : rangeOf(ys, limits('y')));
	return {
		x,
		y,
		xTicks: plot.xTicks ?? ticksOf(x, xCount).map((at) => ({ at, label: xFormat(at) })),
		yTicks: ticksOf(y, 5).map((at) => ({ at, label: yFormat(at) }))
	};
}

/** A round range that holds all values and what else is named, with a margin at both ends. */
export function rangeOf(values: readonly number[], also: readonly number[] = []): [number, number] {
	const known = [...values, ...also].filter(Number.isFinite);
	if (known.length === 0) return [0, 1];
	const [low, high] = [Math.min(...known), Math.max(...known)];
	const margin = (high - low) * 0.04 || Math.abs(high) * 0.1 || 1;
	// An end that is a limit by itself, such as 0, gets no margin.
	const from = also.includes(low) ? low : low - margin;
	const to = also.includes(high) ? high : high + margin;
	const [nice, end] = scaleLinear([from, to], [0, 1]).nice(5).domain();
	return [nice, end];
}

/** Values of y that the series reach, intervals included. */
export function reachOf(series: readonly PointSeries[]): number[] {
	return series.flatMap(({ points }) =>
		points.flatMap(({ y, low, high }) => [y, low ?? y, high ?? y])
	);
}

/** SVG path of a point's interval with short ends; empty where it has none. `left`: where the point is drawn. */
export function whiskerPath(
	frame: ChartFrame,
	point: ChartPoint,
	half = 3,
	left = placeX(frame, point.x)
): string {
	const { low, high } = point;
	if (low === null || low === undefined || high === null || high === undefined) return '';
	const x = round(left);
	const clamped = (y: number) => Math.max(frame.y[0], Math.min(frame.y[1], y));
	const [top, bottom] = [high, low].map((y) => round(placeY(frame, clamped(y))));
	return `M${x - half},${top}h${2 * half}M${x},${top}V${bottom}M${x - half},${bottom}h${2 * half}`;
}

/** SVG path of a rule, within the frame; empty where it lies outside. */
export function rulePath(frame: ChartFrame, { axis, at }: Rule): string {
	const { left, top, width, height, x, y } = frame;
	if (axis === 'diagonal') {
		const [from, to] = [Math.max(x[0], y[0]), Math.min(x[1], y[1])];
		if (from >= to) return '';
		return `M${round(placeX(frame, from))},${round(placeY(frame, from))}L${round(placeX(frame, to))},${round(placeY(frame, to))}`;
	}
	const range = axis === 'x' ? x : y;
	if (at < range[0] || at > range[1]) return '';
	return axis === 'x'
		? `M${round(placeX(frame, at))},${top}v${height}`
		: `M${left},${round(placeY(frame, at))}h${width}`;
}

/** The lines that join points in their order, as far as they lie within the frame, where they are drawn. */
export function joinLines(frame: ChartFrame, points: readonly ChartPoint[]): Line[] {
	const place = ([x, y]: Pair): Pair => [round(placeX(frame, x)), round(placeY(frame, y))];
	return points
		.slice(1)
		.flatMap((to, at) => within(frame, points[at], to))
		.map(({ from, to }) => ({ from: place(from), to: place(to) }));
}

/** SVG path of those lines. */
export function joinPath(frame: ChartFrame, points: readonly ChartPoint[]): string {
	const lines = joinLines(frame, points);
	return lines
		.map(({ from, to }, at) =>
			at > 0 && lines[at - 1].to.join() === from.join()
				? `L${to.join()}`
				: `M${from.join()}L${to.join()}`
		)
		.join('');
}

type Pair = readonly [number, number];

/** A straight line of a drawing. */
export interface Line {
	from: Pair;
	to: Pair;
}

/** The part of a line from one point to another that lies within a frame (Liang and Barsky); none: it does not. */
function within(frame: ChartFrame, a: ChartPoint, b: ChartPoint): Line[] {
	let [start, end] = [0, 1];
	const step: Pair = [b.x - a.x, b.y - a.y];
	const bounds = [
		[-step[0], a.x - frame.x[0]],
		[step[0], frame.x[1] - a.x],
		[-step[1], a.y - frame.y[0]],
		[step[1], frame.y[1] - a.y]
	];
	for (const [toward, left] of bounds) {
		if (toward === 0 && left < 0) return [];
		if (toward < 0) start = Math.max(start, left / toward);
		else if (toward > 0) end = Math.min(end, left / toward);
	}
	if (start > end) return [];
	const at = (t: number): Pair => [a.x + t * step[0], a.y + t * step[1]];
	return [{ from: at(start), to: at(end) }];
}

function round(place: number): number {
	return Math.round(place * 100) / 100;
}
