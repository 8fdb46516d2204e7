import type { ModelConfig } from '../checkpoint/types.ts';
import { windowEntries, type AttentionLayout } from '../capture/layout.ts';
import { PROFILE_QUERIES } from '../capture/sampling.ts';
import type { StatisticsRequest } from '../capture/statistics.ts';

/** What a window costs, in floating-point operations, stage by stage; bars and estimates are made of it. */
export interface WindowWork {
	/** One layer of one window. */
	layer: number;
	/** Final norm and output embedding. */
	head: number;
	/** Gram matrices and all else that is read from the captured attention. */
	statistics: number;
}

/**
 * Passes over memory and logarithms are slower than matrix products: one element of either counts as this
 * many operations. Fitted roughly to runs of both bundled models; the remembered speed absorbs the rest.
 */
const FLOPS_PER_ELEMENT = 60;
const FLOPS_PER_LOGARITHM = 400;

/** Element-wise passes over the probabilities that each view and sum takes. */
const PASSES = { attend: 3, sqrt: 1, total: 1.5, noSink: 3 };

export function windowWork(
	config: Pick<ModelConfig, 'hidden' | 'heads' | 'kvHeads' | 'headDim' | 'intermediate' | 'vocab'>,
	layout: AttentionLayout,
	request: StatisticsRequest
): WindowWork {
	const { hidden, heads, kvHeads, headDim, intermediate, vocab } = config;
	const { context, layers } = layout;
	const rows = layers * heads;
	const entries = windowEntries(layout, layers);
	const weights = 2 * hidden * headDim * (heads + kvHeads) + 3 * hidden * intermediate;
	const attention = (entries / layers) * (4 * headDim + PASSES.attend * FLOPS_PER_ELEMENT);
	let statistics = 0;
	for (const view of request.views) {
		const products = Number(request.gram) + Number(request.sqrt);
		let passes = view === 'no-sink' ? PASSES.noSink : 0;
		if (request.sqrt) passes += PASSES.sqrt;
		if (request.gram && request.windowCount > 1) passes += PASSES.total;
		statistics += entries * (2 * rows * products + passes * FLOPS_PER_ELEMENT);
		const queries = request.jsQueries === 'all' ? context : (request.jsQueries ?? 0);
		const sampledShare = Math.min(1, queries / context);
		statistics += entries * sampledShare * ((layers - 1) / 2) * FLOPS_PER_LOGARITHM;
	}
	statistics += entries * Math.min(1, PROFILE_QUERIES / context) * FLOPS_PER_LOGARITHM;
	return {
		layer: 2 * context * weights + attention,
		head: 2 * context * hidden * vocab + context * vocab * FLOPS_PER_ELEMENT,
		statistics
	};
}

/** All windows together. */
export function totalWork(work: WindowWork, layers: number, windows: number): number {
	return windows * (layers * work.layer + work.head + work.statistics);
}
