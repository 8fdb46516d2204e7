import type { Cell } from '$analysis/figure/layout.ts';
import { resized } from '$analysis/figure/spans.ts';
import type { SpanLimits } from '$analysis/plan/types.ts';
import { layerList } from '$analysis/text/plan.ts';
import { edgeWords, replacedWords, spanProblem, withoutSpan, withSpan } from './edit.ts';
import type { Range } from './url.ts';

/** A plan that is edited by hand. */
interface EditedPlan {
	readonly layers: number;
	readonly limits: SpanLimits;
	readonly ranges: readonly Range[];
	readonly dropped: readonly number[];
	/** First layer of the chosen span. */
	chosen: number | null;
	/** Says why something asked of the plan was not done. */
	refuse(problem: string): void;
	/** Puts the change in place, with a word on what it took away. */
	changeByHand(change: { spans?: Range[]; dropped?: number[] }, words?: string | null): void;
}

/** The edits of a plan's spans and dropped layers, each of which is done or refused with the reason. */
export class SpanEdits {
	readonly #plan: EditedPlan;

	constructor(plan: EditedPlan) {
		this.#plan = plan;
	}

	/** Draws a span, or gives the one that began at `replaced` another extent. */
	put(span: Range, replaced: number | null): void {
		const { ranges, dropped, limits } = this.#plan;
		const before = ranges.find(({ first }) => first === replaced);
		const was = before === undefined ? 0 : before.last - before.first + 1;
		const problem = spanProblem(span, limits, was);
		if (problem !== null) {
			this.#plan.refuse(problem);
			return;
		}
		this.#plan.changeByHand(
			{
				spans: withSpan(ranges, span, replaced),
				dropped: dropped.filter((layer) => layer < span.first || layer > span.last)
			},
			replacedWords(ranges, dropped, span, replaced)
		);
		this.#plan.chosen = span.first;
	}

	/** Removes the span that begins at a layer. */
	remove(first: number): void {
		const span = this.#spanFrom(first);
		if (span === undefined) return;
		this.#plan.changeByHand(
			{ spans: withoutSpan(this.#plan.ranges, first) },
			`Removed span ${span.first}–${span.last}.`
		);
		if (this.#plan.chosen === first) this.#plan.chosen = null;
	}

	/** Gives a dropped layer its attention back. */
	restoreLayer(layer: number): void {
		this.#plan.changeByHand(
			{ dropped: this.#plan.dropped.filter((other) => other !== layer) },
			`Restored the attention of layer ${layer}.`
		);
	}

	/** Drops the attention of every follower instead. */
	dropInstead(): void {
		const { ranges, dropped } = this.#plan;
		const followers = ranges.flatMap(({ first, last }) =>
			Array.from({ length: last - first }, (_, at) => first + 1 + at)
		);
		this.#plan.chosen = null;
		this.#plan.changeByHand(
			{ spans: [], dropped: [...dropped, ...followers].sort((a, b) => a - b) },
			`Replaced ${ranges.length === 1 ? 'a span' : `${ranges.length} spans`}: the attention of ${layerList(followers)} is dropped instead.`
		);
	}

	/** The span that holds a cell of the map, both layers of it. */
	at({ row, column }: Cell): Range | null {
		const [low, high] = [Math.min(row, column), Math.max(row, column)];
		return this.#plan.ranges.find(({ first, last }) => first <= low && high <= last) ?? null;
	}

	/** Grows (1) or shrinks (−1) a span by a layer at its end. */
	resize(first: number, by: 1 | -1): void {
		const { layers } = this.#plan;
		const span = this.#spanFrom(first);
		const changed = span && resized(span, by, layers);
		if (changed) this.put(changed, first);
		else this.#plan.refuse(edgeWords(by, layers));
	}

	/** Moves a span towards the last (1) or the first layer (−1). */
	move(first: number, by: 1 | -1): void {
		const span = this.#spanFrom(first);
		if (span === undefined) return;
		const moved = { first: span.first + by, last: span.last + by };
		if (moved.first < 0 || moved.last >= this.#plan.layers) {
			this.#plan.refuse(`Span ${span.first}–${span.last} is at the edge of the model already.`);
			return;
		}
		this.put(moved, first);
	}

	#spanFrom(first: number): Range | undefined {
		return this.#plan.ranges.find((range) => range.first === first);
	}
}
