import { viewShape, type BlockStatistics, type StatisticsView } from '../graph/statistics.ts';
import type { AttentionLayout } from './layout.ts';
import { PROFILE_QUERIES, sampledQueries } from './sampling.ts';

/** Sums that are asked for. */
export interface StatisticsRequest {
	views: readonly StatisticsView[];
	/** Gram sums of P, with per-window sums and, from two windows on, the null. */
	gram: boolean;
	/** Gram sums of √P. */
	sqrt: boolean;
	/** Queries per window for Jensen–Shannon divergences; null: none. */
	jsQueries: number | 'all' | null;
	/** Number of windows that will be added. */
	windowCount: number;
}

/** Sums of one view; shapes as in similarity/types.ts (ViewSums). */
export interface CapturedSums {
	view: StatisticsView;
	gram: Float64Array | null;
	sqrt: Float64Array | null;
	null: Float64Array | null;
	windows: Float64Array | null;
	js: Float64Array | null;
}

/** Per layer, mean over heads and the sampled queries of every window. */
export interface Profile {
	queriesPerWindow: number;
	entropyNats: number[];
	firstTokenMass: number[];
}

/** Lists the statistics to read from each query block. */
export function blockStatistics(
	layout: AttentionLayout,
	request: StatisticsRequest
): BlockStatistics[] {
	const queries = sampledQueries(layout.context, request.jsQueries ?? PROFILE_QUERIES);
	return layout.blocks.map((block) => {
		const inBlock = queries
			.map((query) => query - block.queryStart)
			.filter((query) => query >= 0 && query < block.queryCount);
		const { firstQuery } = viewShape('no-sink', block);
		return {
			rows: layout.layers * layout.heads,
			block,
			views: request.views.map((view) => ({
				view,
				gram: request.gram,
				sqrt: request.sqrt,
				total: hasNull(request)
			})),
			sampled: {
				all: inBlock,
				noSink: inBlock.map((query) => query - firstQuery).filter((query) => query >= 0)
			},
			js: request.jsQueries !== null
		};
	});
}

/** Returns true if the null is computed, from running sums of the probabilities. */
export function hasNull({ gram, windowCount }: StatisticsRequest): boolean {
	return gram && windowCount > 1;
}

/** Adds up what was read of windows, as float64. */
export class WindowSums {
	readonly views: CapturedSums[];
	/** Over the sampled queries of all windows, [L·H]: entropy in nats, mass on key 0. */
	readonly entropy: Float64Array;
	readonly firstMass: Float64Array;
	readonly #layout: AttentionLayout;
	readonly #request: StatisticsRequest;
	#windows = 0;

	constructor(layout: AttentionLayout, request: StatisticsRequest) {
		this.#layout = layout;
		this.#request = request;
		const { layers, heads } = layout;
		const rows = layers * heads;
		const square = (wanted: boolean): Float64Array | null =>
			wanted ? new Float64Array(rows * rows) : null;
		this.views = request.views.map((view) => ({
			view,
			gram: square(request.gram),
			sqrt: square(request.sqrt),
			null: square(hasNull(request)),
			windows: request.gram ? new Float64Array(request.windowCount * 2 * layers * layers) : null,
			js: request.jsQueries === null ? null : new Float64Array(2 * layers * layers)
		}));
		this.entropy = new Float64Array(rows);
		this.firstMass = new Float64Array(rows);
	}

	/** Takes in the Gram matrices of a window, [L·H, L·H], one per view; null: none was asked for. */
	addWindow(grams: readonly (Float64Array | null)[]): void {
		for (const [index, sums] of this.views.entries()) this.#addGram(sums, grams[index]);
		this.#windows++;
	}

	/** Adds a window's Gram matrix, and keeps its sums over equal heads and over all pairs of heads. */
	#addGram(sums: CapturedSums, gram: Float64Array | null): void {
		if (sums.gram === null || sums.windows === null || gram === null) return;
		addTo(sums.gram, gram);
		const { layers, heads } = this.#layout;
		const rows = layers * heads;
		const cells = layers * layers;
		const first = this.#windows * 2 * cells;
		for (let row = 0; row < rows; row++) {
			const rowCell = first + Math.floor(row / heads) * layers;
			for (let column = 0; column < rows; column++) {
				const cell = rowCell + Math.floor(column / heads);
				const value = gram[row * rows + column];
				if (row % heads === column % heads) sums.windows[cell] += value;
				sums.windows[cell + cells] += value;
			}
		}
	}

	/** Counts the sampled rows of a block among those that divergences are means over. */
	countRows(view: number, sampledCount: number): void {
		const { layers, heads } = this.#layout;
		const cells = layers * layers;
		this.views[view].js?.subarray(cells).forEach((count, cell, counts) => {
			counts[cell] = count + heads * sampledCount;
		});
	}

	profile(): Profile {
		const { layers, heads, context } = this.#layout;
		const queries = sampledQueries(context, this.#request.jsQueries ?? PROFILE_QUERIES).length;
		const count = heads * queries * this.#windows;
		const meanPerLayer = (sums: Float64Array): number[] =>
			Array.from(
				{ length: layers },
				(_, layer) =>
					sums.subarray(layer * heads, (layer + 1) * heads).reduce((sum, value) => sum + value, 0) /
					count
			);
		return {
			queriesPerWindow: queries,
			entropyNats: meanPerLayer(this.entropy),
			firstTokenMass: meanPerLayer(this.firstMass)
		};
	}
}

/** Adds values to sums, element by element; where there is neither, nothing. */
export function addTo(sums: Float64Array | null, values: ArrayLike<number> | null): void {
	if (sums === null || values === null) return;
	for (let index = 0; index < values.length; index++) sums[index] += values[index];
}
