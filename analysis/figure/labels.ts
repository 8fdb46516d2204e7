import { fixed } from './marks.ts';
import { cut, textWidth } from './measure.ts';
import type { ChartFrame } from './frame.ts';
import type { Line } from './plot.ts';

/** A box of a drawing. */
export interface Box {
	left: number;
	top: number;
	width: number;
	height: number;
}

/** A point that is to have a label, where it is drawn. */
export interface LabelledPoint {
	id: string;
	text: string;
	left: number;
	top: number;
	/** Placed first, so that it stands nearest. */
	marked?: boolean;
}

export interface PlacedLabel {
	id: string;
	text: string;
	/** Rectangle that the text takes up. */
	box: Box;
	/** SVG path of a line from the point to its label; empty where it stands beside it. */
	leader: string;
}

/** From the middle of a point to a label beside it, in sizes of the text. */
const BESIDE = 1;
/** A label takes so much more than its size in height. */
const LINE = 1.25;
/** Cost of a label upon a point, an interval or a line, and of a leader across a label, in sizes of the text. */
const COVERED = 3;
/** A label farther from its point than this has a line to it, in sizes of the text. */
const FAR = 0.9;

/**
 * Places labels near their points: no two overlap, none reaches beyond the frame or over `kept`, such as names of rules.
 * Of the free places each takes the one that is nearest and covers least of `drawn`, points and intervals, and of `joins`, the lines
 * between points. A text longer than the frame is cut; a label is left out only where the frame has no free place at all.
 */
export function placeLabels(
	frame: ChartFrame,
	points: readonly LabelledPoint[],
	{
		size,
		kept = [],
		drawn = [],
		joins = []
	}: {
		size: number;
		kept?: readonly Box[];
		drawn?: readonly Box[];
		joins?: readonly Line[];
	}
): PlacedLabel[] {
	const height = size * LINE;
	const placed: (PlacedLabel & { line: Line | null })[] = [];
	const order = [...points].sort(
		(a, b) => Number(b.marked ?? false) - Number(a.marked ?? false) || a.top - b.top
	);
	for (const point of order) {
		const text = cut(point.text, frame.width, size);
		const width = textWidth(text, size);
		const taken = [...kept, ...placed.map(({ box }) => box)];
		const lines = [...joins, ...placed.flatMap(({ line }) => line ?? [])];
		let best: { box: Box; cost: number; line: Line | null } | null = null;
		for (const { left, top, distance } of placesAround(frame, point, { width, height, size })) {
			if (best !== null && distance >= best.cost) break;
			const box = { left, top, width, height };
			if (taken.some((other) => overlaps(box, other))) continue;
			const line = distance > FAR * size ? lineTo(point, box) : null;
			const covered =
				drawn.filter((other) => overlaps(box, other)).length +
				lines.filter((other) => crosses(other, box)).length +
				(line === null ? 0 : taken.filter((other) => crosses(line, other)).length);
			const cost = distance + covered * COVERED * size;
			if (best === null || cost < best.cost) best = { box, cost, line };
		}
		if (best === null) continue;
		const { box, line } = best;
		placed.push({ id: point.id, text, box, line, leader: line === null ? '' : pathOf(line) });
	}
	return placed.map(({ id, text, box, leader }) => ({ id, text, box, leader }));
}

/** Places of a label within the frame, nearest first, with how far it is from standing right beside the point. */
function placesAround(
	{ left, top, width: across, height: down }: ChartFrame,
	point: { left: number; top: number },
	{ width, height, size }: { width: number; height: number; size: number }
): { left: number; top: number; distance: number }[] {
	const gap = BESIDE * size;
	const right = left + across - width;
	const bottom = top + down - height;
	if (right < left || bottom < top) return [];
	const middle = Math.max(top, Math.min(bottom, point.top - height / 2));
	const steps = (step: number, most: number) =>
		Array.from({ length: Math.ceil(most / step) + 1 }, (_, at) => at * step);
	const tops = steps(height / 2, down).flatMap((by) => [middle - by, middle + by]);
	const lefts = steps(size, across).flatMap((by) => [
		point.left + gap + by,
		point.left - gap - width - by
	]);
	// Above and below its point, and at either edge of the frame.
	lefts.push(point.left - width / 2, left, right);
	const places = lefts.flatMap((x) =>
		x < left || x > right
			? []
			: tops.flatMap((y) => {
					if (y < top || y > bottom) return [];
					const dx = Math.max(x - point.left, point.left - x - width, 0);
					const dy = Math.abs(y + height / 2 - point.top);
					// Right beside costs nothing; the left side a little, so that it is taken second.
					const side = x > point.left ? 0 : 0.2 * size;
					const free = Math.max(0, Math.hypot(Math.max(0, dx - gap), dy) + side);
					return [{ left: x, top: y, distance: free }];
				})
	);
	return places.sort((a, b) => a.distance - b.distance);
}

/** From a point to the nearest edge of a label's box. */
function lineTo(point: { left: number; top: number }, box: Box): Line {
	const x = Math.max(box.left, Math.min(box.left + box.width, point.left));
	const y = Math.max(box.top, Math.min(box.top + box.height, point.top));
	return { from: [point.left, point.top], to: [x, y] };
}

function pathOf({ from, to }: Line): string {
	return `M${from.map(fixed).join(',')}L${to.map(fixed).join(',')}`;
}

/** Returns true if two boxes have more than an edge in common. */
export function overlaps(a: Box, b: Box): boolean {
	return (
		a.left < b.left + b.width &&
		b.left < a.left + a.width &&
		a.top < b.top + b.height &&
		b.top < a.top + a.height
	);
}

/** Returns true if a line goes through a box, ends left out; tested at steps of half the box's height. */
function crosses({ from, to }: Line, { left, top, width, height }: Box): boolean {
	const steps = Math.ceil(Math.hypot(to[0] - from[0], to[1] - from[1]) / (height / 2));
	for (let at = 1; at < steps; at++) {
		const [x, y] = [0, 1].map((axis) => from[axis] + ((to[axis] - from[axis]) * at) / steps);
		if (x > left && x < left + width && y > top && y < top + height) return true;
	}
	return false;
}
