import { layerAtSameDepth } from '$analysis/compare/depth.ts';
import { compareSpans } from '$analysis/compare/spans.ts';
import type { Comparison, SpanChoice } from '$analysis/compare/types.ts';
import type { RunRecord } from '$analysis/workspace/run/types.ts';
import { relativeDepth } from '$analysis/similarity/curves.ts';
import { differenceRange, similarityRange, unionRange } from '$analysis/figure/range.ts';
import type { Cell } from '$analysis/figure/layout.ts';
import { flat } from '../../client/request.ts';
import type { CompareUrl } from './url.ts';

/** Colours of the runs, by their place; from the fifth on they come again, dashed. */
const COLOURS = ['var(--series-1)', 'var(--series-2)', 'var(--series-3)', 'var(--series-4)'];

/** Answer of the server: a comparison and the records of its runs, in order. */
export interface Compared {
	comparison: Comparison;
	records: RunRecord[];
}

/** A comparison on the screen, and what the reader has set. */
export class CompareState {
	readonly #source: () => Compared;
	url: CompareUrl;
	/** Cell under the pointer, and how many layers its map has. */
	pointed = $state.raw<{ cell: Cell; size: number } | null>(null);
	/** Relative depth under the pointer on a chart. */
	pointedDepth = $state<number | null>(null);

	readonly comparison = $derived.by(() => this.#source().comparison);
	readonly records = $derived.by(() => this.#source().records);
	readonly runs = $derived(
		this.comparison.runs.map((run, place) => ({
			...run,
			values: flat(run.matrix),
			colour: COLOURS[place % COLOURS.length],
			dashed: place >= COLOURS.length
		}))
	);
	readonly range = $derived.by(
		() =>
			this.url.range ??
			unionRange(this.runs.map(({ values, layers }) => similarityRange(values, layers)))
	);
	readonly choice = $derived.by((): SpanChoice => this.url.spans ?? this.comparison.spans.choice);
	/** The server's proposal until the reader chooses otherwise. */
	readonly spans = $derived.by(() =>
		this.url.spans === null
			? this.comparison.spans
			: compareSpans(
					this.runs.map(({ values, layers, reach }) => ({
						matrix: values,
						layers,
						slidingWindows: reach
					})),
					this.url.spans
				)
	);
	readonly pair = $derived.by(
		() =>
			this.comparison.pairs.find(
				({ first, second }) => first === this.url.pair[0] && second === this.url.pair[1]
			) ?? this.comparison.pairs[0]
	);
	readonly difference = $derived({
		...this.pair.map,
		values: flat(this.pair.map.difference),
		names: [this.runs[this.pair.first].name, this.runs[this.pair.second].name] as const
	});
	readonly differenceRange = $derived(differenceRange(this.difference.values));
	/** Relative depth that charts mark: of the pointer there, or of the row pointed at on a map. */
	readonly depth = $derived(
		this.pointedDepth ??
			(this.pointed === null ? null : relativeDepth(this.pointed.cell.row, this.pointed.size))
	);

	/** `source` is asked anew whenever what it reads has changed; `url` is where the reader begins. */
	constructor(source: () => Compared, url: CompareUrl) {
		this.#source = source;
		this.url = $state.raw(url);
	}

	set(change: Partial<CompareUrl>): void {
		this.url = { ...this.url, ...change };
	}

	/** The cell of a map of `size` layers that lies where the pointer is on another. */
	cellIn(size: number): Cell | null {
		if (this.pointed === null) return null;
		const { cell, size: from } = this.pointed;
		return {
			row: layerAtSameDepth(cell.row, from, size),
			column: layerAtSameDepth(cell.column, from, size)
		};
	}

	point(cell: Cell | null, size: number): void {
		this.pointed = cell && { cell, size };
	}
}
