import {
	diagonalIndex,
	diagonalRange,
	nearDiagonal,
	type MapLayout
} from '$analysis/figure/layout.ts';
import type { SpanMark } from '$analysis/figure/spans.ts';

interface Point {
	x: number;
	y: number;
}

/** Corner of a span within this many CSS pixels of the pointer is taken hold of. */
const HANDLE_REACH = 8;

/** Drawing a span along the diagonal, or pulling a corner of one that is there. */
export class SpanDrag {
	/** Layers of the span as it is being drawn; null between drags and before the pointer has moved. */
	drawn = $state.raw<{ first: number; last: number } | null>(null);
	/** The pointer is where a drag could start. */
	hold = $state(false);
	#from: Point | null = null;
	/** Span whose corner is pulled, and its layer that stays. */
	#pulled: { index: number; fixed: number } | null = null;
	readonly #layout: () => MapLayout;
	readonly #spans: () => readonly SpanMark[];

	constructor(layout: () => MapLayout, spans: () => readonly SpanMark[]) {
		this.#layout = layout;
		this.#spans = spans;
	}

	get active(): boolean {
		return this.#from !== null;
	}

	/** Takes hold of a corner or of the diagonal; false where there is neither. */
	start(at: Point): boolean {
		this.#pulled = this.#cornerAt(at);
		if (this.#pulled === null && !nearDiagonal(this.#layout(), at)) return false;
		this.#from = at;
		return true;
	}

	move(at: Point): void {
		const layout = this.#layout();
		if (this.#from === null) {
			this.hold = this.#cornerAt(at) !== null;
			return;
		}
		if (this.#pulled !== null) {
			const ends = [this.#pulled.fixed, diagonalIndex(layout, at)];
			this.drawn = { first: Math.min(...ends), last: Math.max(...ends) };
			return;
		}
		const range = diagonalRange(layout, this.#from, at);
		this.drawn = range.first === range.last ? null : range;
	}

	/** The span that was drawn; null where the pointer stayed on one layer (a click). */
	end(): { first: number; last: number; index: number | null } | null {
		const range = this.drawn;
		const index = this.#pulled?.index ?? null;
		this.cancel();
		return range === null || range.first === range.last ? null : { ...range, index };
	}

	cancel(): void {
		this.#from = null;
		this.#pulled = null;
		this.drawn = null;
	}

	#cornerAt(at: Point): { index: number; fixed: number } | null {
		const { left, top, cell } = this.#layout();
		const near = (layerEdge: number) =>
			Math.hypot(at.x - left - layerEdge * cell, at.y - top - layerEdge * cell) <= HANDLE_REACH;
		for (const [index, { first, last }] of this.#spans().entries()) {
			if (near(first)) return { index, fixed: last };
			if (near(last + 1)) return { index, fixed: first };
		}
		return null;
	}
}
