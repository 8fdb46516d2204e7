/** A span as it is drawn on the diagonal. */
export interface SpanMark {
	/** First layer: the source. */
	first: number;
	/** Last follower. */
	last: number;
	/** What it is called in words, for those who cannot see it. */
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

/** SVG path of the two diagonals of a square, a little inside its edges: a layer that is left out. */
export function crossPath(x: number, y: number, size: number): string {
	const place = (value: number) => Math.round(value * 100) / 100;
	const room = size * 0.12;
	const [left, top, right, bottom] = [x + room, y + room, x + size - room, y + size - room].map(
		place
	);
	return `M${left},${top}L${right},${bottom}M${right},${top}L${left},${bottom}`;
}
