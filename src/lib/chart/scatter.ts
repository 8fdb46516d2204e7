import { scaleLinear } from 'd3-scale';
import { fencedRange } from '../colour/range.ts';
import { placeX, placeY, type ChartFrame } from './geometry.ts';

/** One point of a scatter plot. */
export interface ScatterPoint {
	/** What makes it itself. */
	key: string;
	x: number;
	y: number;
	/** CSS colour. */
	colour: string;
}

/** Where a point is drawn; one that lies beyond the axes stands at the edge, and says so. */
export interface PlacedPoint extends ScatterPoint {
	left: number;
	top: number;
	/** The way to where it really lies. */
	beyond: 'left' | 'right' | 'up' | 'down' | null;
}

/** A range on round numbers around the bulk of the values; see `fencedRange`. */
export function scatterRange(values: readonly number[]): [number, number] {
	const [low, high] = fencedRange(values);
	const [from, to] = scaleLinear(low < high ? [low, high] : [low - 0.5, high + 0.5], [0, 1])
		.nice(5)
		.domain();
	return [from, to];
}

export function placePoints(frame: ChartFrame, points: readonly ScatterPoint[]): PlacedPoint[] {
	return points.map((point) => {
		const x = Math.max(frame.x[0], Math.min(frame.x[1], point.x));
		const y = Math.max(frame.y[0], Math.min(frame.y[1], point.y));
		return {
			...point,
			left: placeX(frame, x),
			top: placeY(frame, y),
			beyond: wayTo(point.x - x, point.y - y)
		};
	});
}

function wayTo(x: number, y: number): PlacedPoint['beyond'] {
	if (y !== 0) return y > 0 ? 'up' : 'down';
	if (x !== 0) return x > 0 ? 'right' : 'left';
	return null;
}

/** SVG path of a triangle of `size` that points to where a point beyond the axes lies. */
export function arrowPath(
	{ left, top }: Pick<PlacedPoint, 'left' | 'top'>,
	way: NonNullable<PlacedPoint['beyond']>,
	size: number
): string {
	const half = size / 2;
	const line = { up: [-half, 0], down: [-half, 0], left: [0, -half], right: [0, -half] }[way];
	const tip = { up: [half, -size], down: [half, size], left: [-size, half], right: [size, half] }[
		way
	];
	const base = line[0] === 0 ? `v${size}` : `h${size}`;
	const back = line[0] === 0 ? [tip[0], tip[1] - size] : [tip[0] - size, tip[1]];
	const place = (value: number) => Math.round(value * 100) / 100;
	return `M${place(left + line[0])},${place(top + line[1])}${base}l${place(back[0])},${place(back[1])}z`;
}

/** The point nearest to a place, of those within `reach`; null: there is none. */
export function nearestPoint<Point extends PlacedPoint>(
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
