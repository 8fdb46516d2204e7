import { scaleLinear } from 'd3-scale';
import { fencedRange } from './range.ts';
import { placeX, placeY, type ChartFrame } from './frame.ts';

/** The way to where a point beyond the axes lies. */
export type Way = 'left' | 'right' | 'up' | 'down';

/** Place of a point as drawn. One beyond the axes stands at the edge; `beyond` is the way to it, else null. */
export interface Placed {
	left: number;
	top: number;
	beyond: Way | null;
}

/** A range on round numbers around the bulk of the values; see `fencedRange`. */
export function beyondRange(values: readonly number[]): [number, number] {
	const [low, high] = fencedRange(values);
	const [from, to] = scaleLinear(low < high ? [low, high] : [low - 0.5, high + 0.5], [0, 1])
		.nice(5)
		.domain();
	return [from, to];
}

/** Places a point within the frame; `step`: what a point that stands aside is moved by, for each symbol. */
export function placePoint(
	frame: ChartFrame,
	point: { x: number; y: number; aside?: number },
	step = 0
): Placed {
	const x = Math.max(frame.x[0], Math.min(frame.x[1], point.x));
	const y = Math.max(frame.y[0], Math.min(frame.y[1], point.y));
	return {
		left: placeX(frame, x) + (point.aside ?? 0) * step,
		top: placeY(frame, y),
		beyond: wayTo(point.x - x, point.y - y)
	};
}

function wayTo(x: number, y: number): Way | null {
	if (y !== 0) return y > 0 ? 'up' : 'down';
	if (x !== 0) return x > 0 ? 'right' : 'left';
	return null;
}

/** SVG path of a triangle of `size`, from (0, 0), that points to where a point beyond the axes lies. */
export function arrowPath(way: Way, size: number): string {
	const half = size / 2;
	const line = { up: [-half, 0], down: [-half, 0], left: [0, -half], right: [0, -half] }[way];
	const tip = { up: [half, -size], down: [half, size], left: [-size, half], right: [size, half] }[
		way
	];
	const base = line[0] === 0 ? `v${size}` : `h${size}`;
	const back = line[0] === 0 ? [tip[0], tip[1] - size] : [tip[0] - size, tip[1]];
	const place = (value: number) => Math.round(value * 100) / 100;
	return `M${place(line[0])},${place(line[1])}${base}l${place(back[0])},${place(back[1])}z`;
}

/** The point nearest to a place, of those within `reach`; null: there is none. */
export function nearestPoint<Point extends Placed>(
	points: readonly Point[],
	at: { x: number; y: number },
	reach: number
): Point | null {
	let best: Point | null = null;
	let least = reach;
	for (const point of points) {
		const distance = Math.hypot(point.left - at.x, point.top - at.y);
		if (distance > least) continue;
		best = point;
		least = distance;
	}
	return best;
}
