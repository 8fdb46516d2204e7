export const METRICS = ['cosine', 'cosine-mean', 'cosine-matched', 'hellinger', 'js'] as const;
export type Metric = (typeof METRICS)[number];

export const VIEWS = ['all', 'no-sink'] as const;
export type View = (typeof VIEWS)[number];

/**
 * The sums of one view over all windows, from which every measure is read. Row-major; L layers, H heads,
 * row (l, h) of a Gram matrix is l·H + h. What was not asked for is null.
 */
export interface ViewSums {
	view: View;
	layers: number;
	heads: number;
	/** Number of windows summed. */
	windowCount: number;
	/** Windows of each shard, where several measured them: the null is over pairs within one. Left out: there is one. */
	shards?: readonly number[];
	/** [L·H, L·H]: Σ_windows Σ_ij P_l[h,i,j]·P_m[g,i,j]. */
	gram: Float64Array | null;
	/** [L·H, L·H]: the same of √P. */
	sqrt: Float64Array | null;
	/** [L·H, L·H]: ⟨S_l, S_m⟩ with S = Σ_windows P, summed over shards; only where a shard has two or more windows. */
	null: Float64Array | null;
	/** [N, 2, L, L]: per window Σ_h G[(l,h),(m,h)], then Σ_hg G[(l,h),(m,g)]. */
	windows: Float64Array | null;
	/** [2, L, L]: sums over heads and sampled queries of the Jensen–Shannon divergence in nats; then how many (head, query) rows were summed. */
	js: Float64Array | null;
}

/** Matrices of one metric and view that the pages and the command show: [L, L], row-major; NaN never occurs. */
export interface Similarity {
	metric: Metric;
	view: View;
	layers: number;
	matrix: Float64Array;
	/** The same measure between one window and another; null where it is not defined. */
	null: Float64Array | null;
	low: Float64Array | null;
	high: Float64Array | null;
	/** Unit that intervals were resampled over; 'blocks' of neighbouring windows say nothing about other texts. */
	interval: 'documents' | 'blocks' | null;
}
