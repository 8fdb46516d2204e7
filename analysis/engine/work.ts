import type { ModelConfig } from '../model/checkpoint/types.ts';
import { attentionLayout, windowEntries, type AttentionLayout } from './layout.ts';
import type { PlansSize, PlansWork } from './plans.ts';
import { PROFILE_QUERIES } from './sampling.ts';
import type { StatisticsRequest } from './statistics.ts';

/** Floating-point operations of a window, stage by stage; progress bars and estimates are made of them. */
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

type WorkConfig = Pick<
	ModelConfig,
	'hidden' | 'heads' | 'kvHeads' | 'headDim' | 'intermediate' | 'vocab'
>;

/** The forward pass of a window, nothing read from its attention. */
export function forwardWork(
	config: WorkConfig,
	layout: AttentionLayout
): Pick<WindowWork, 'layer' | 'head'> {
	const { hidden, heads, kvHeads, headDim, intermediate, vocab } = config;
	const { context, layers } = layout;
	const entries = windowEntries(layout, layers);
	const weights = 2 * hidden * headDim * (heads + kvHeads) + 3 * hidden * intermediate;
	const attention = (entries / layers) * (4 * headDim + PASSES.attend * FLOPS_PER_ELEMENT);
	return {
		layer: 2 * context * weights + attention,
		head: 2 * context * hidden * vocab + context * vocab * FLOPS_PER_ELEMENT
	};
}

/** Losses, divergence and agreement of two models from the logits of a window that both put out. */
export function logitsWork({ vocab }: WorkConfig, context: number): number {
	return 2 * context * vocab * FLOPS_PER_ELEMENT;
}

export function windowWork(
	config: WorkConfig,
	layout: AttentionLayout,
	request: StatisticsRequest
): WindowWork {
	const { context, layers } = layout;
	const rows = layers * config.heads;
	const entries = windowEntries(layout, layers);
	let statistics = 0;
	for (const view of request.views) {
		const products = Number(request.gram) + Number(request.sqrt);
		let passes = view === 'no-sink' ? PASSES.noSink : 0;
		if (request.sqrt) passes += PASSES.sqrt;
		if (request.gram && request.windowCount > 1) passes += PASSES.total;
		statistics += entries * (2 * rows * products + passes * FLOPS_PER_ELEMENT);
		const queries = request.jsQueries === 'all' ? context : (request.jsQueries ?? 0);
		const sampledFraction = Math.min(1, queries / context);
		statistics += entries * sampledFraction * ((layers - 1) / 2) * FLOPS_PER_LOGARITHM;
	}
	statistics += entries * Math.min(1, PROFILE_QUERIES / context) * FLOPS_PER_LOGARITHM;
	return { ...forwardWork(config, layout), statistics };
}

/** Counts the operations of one layer's attention on a window, given probabilities: V, P·V, output projection. */
export function outputWork(config: WorkConfig, layout: AttentionLayout): number {
	const { hidden, heads, kvHeads, headDim } = config;
	return (
		2 * layout.context * hidden * headDim * (heads + kvHeads) +
		2 * headDim * windowEntries(layout, 1)
	);
}

/** Counts the operations on a sequence of each sample, all cut into as many blocks as the first. */
export function plansWork(
	config: WorkConfig & Pick<ModelConfig, 'layers' | 'slidingWindows'>,
	{ samples }: Pick<PlansSize, 'samples'>
): PlansWork[] {
	const blockCount = attentionLayout(config, samples[0].context).blocks.length;
	return samples.map(({ context, scored }) => {
		const layout = attentionLayout(config, context, blockCount);
		return {
			layer: forwardWork(config, layout).layer,
			head: forwardWork(config, attentionLayout(config, scored + 1)).head,
			output: outputWork(config, layout)
		};
	});
}

/** All windows together. */
export function totalWork(work: WindowWork, layers: number, windows: number): number {
	return windows * (layers * work.layer + work.head + work.statistics);
}
