import type { MapLayout } from './layout.ts';
import { strokeMark, type Mark } from './marks.ts';
import type { Medium } from './medium.ts';

/** A span as it is drawn on the diagonal. */
export interface SpanMark {
	/** First layer: the source. */
	first: number;
	/** Last follower. */
	last: number;
	/** Name in words, for those who cannot see the mark. */
	label: string;
	selected?: boolean;
	/** Drawn as a dashed line: a proposal, or another run's. */
	dashed?: boolean;
	/** CSS colour instead of the mark colour. */
	colour?: string;
}

/** Grows a span by one layer at its end (`by` 1) or shrinks it (`by` −1); null where it cannot. */
export function resized(
	span: { first: number; last: number },
	by: 1 | -1,
	layers: number
): { first: number; last: number } | null {
	const last = span.last + by;
	return last > span.first && last < layers ? { first: span.first, last } : null;
}

/** SVG path of the two diagonals of a square, a little inside its edges: a dropped layer. */
function crossPath(x: number, y: number, size: number): string {
	const place = (value: number) => Math.round(value * 100) / 100;
	const margin = size * 0.12;
	const [left, top, right, bottom] = [
		x + margin,
		y + margin,
		x + size - margin,
		y + size - margin
	].map(place);
	return `M${left},${top}L${right},${bottom}M${right},${top}L${left},${bottom}`;
}

/** A square from a span's source to its last follower, its edge parted from the cells by white. */
export function spanMarks(
	{
		first,
		last,
		colour = 'var(--span)',
		dashed,
		selected
	}: Partial<SpanMark> & { first: number; last: number },
	{ left, top, cell }: MapLayout,
	{ map, line }: Medium
): Mark[] {
	const size = (last - first + 1) * cell;
	const box = {
		kind: 'rect',
		x: left + first * cell,
		y: top + first * cell,
		width: size,
		height: size
	} as const;
	const edge = selected ? map.span * 1.5 : map.span;
	return [
		{ ...box, stroke: selected ? '#101418' : '#fff', strokeWidth: edge * 2 },
		{ ...box, stroke: colour, strokeWidth: edge, ...(dashed && { dash: line.dash }) }
	];
}

/** Crosses upon the diagonal cells of layers that are dropped. */
export function crossMarks(
	layers: readonly number[],
	{ left, top, cell }: MapLayout,
	{ map }: Medium
): Mark[] {
	if (layers.length === 0) return [];
	const d = layers
		.map((layer) => crossPath(left + layer * cell, top + layer * cell, cell))
		.join('');
	return [
		strokeMark(d, '#fff', { strokeWidth: map.span * 2 }),
		strokeMark(d, 'var(--span)', { strokeWidth: map.span })
	];
}
