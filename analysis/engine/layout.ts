import {
	blockEntries,
	queryBlocks,
	widestSlidingWindow,
	type QueryBlock
} from '../graph/blocks.ts';
import type { ModelConfig } from '../model/checkpoint/types.ts';

/** Layout of the probabilities of one window in memory: per query block an array [L, H, queryCount·keyCount]. */
export interface AttentionLayout {
	layers: number;
	heads: number;
	context: number;
	blocks: readonly QueryBlock[];
}

/**
 * The layout of a checkpoint's windows. With `blockCount` there are that many query blocks, at most one per token: the
 * graphs of a model that is in memory take windows of any length, but always as many blocks.
 */
export function attentionLayout(
	config: Pick<ModelConfig, 'layers' | 'heads' | 'slidingWindows'>,
	context: number,
	blockCount?: number
): AttentionLayout {
	const slidingWindow = widestSlidingWindow(config.slidingWindows);
	const blocks =
		blockCount === undefined
			? queryBlocks(context, slidingWindow)
			: queryBlocks(context, slidingWindow, Math.min(blockCount, context));
	return { layers: config.layers, heads: config.heads, context, blocks };
}

/**
 * The layout of a model that is run as it is, an ONNX model: every key before a query is kept, whatever is said of
 * sliding windows, so that none that the model sees can be missing.
 */
export function causalLayout(
	{ layers, heads }: Pick<ModelConfig, 'layers' | 'heads'>,
	context: number
): AttentionLayout {
	return { layers, heads, context, blocks: queryBlocks(context, null) };
}

/** One window's probabilities of some layers. */
export interface WindowAttention {
	/** Per query block a flat [kept layers, H, queryCount·keyCount]. */
	blocks: readonly Float32Array[];
	/** Per layer, its place among those kept; null: it is not kept. */
	slots: readonly (number | null)[];
}

/** Float32 elements of one window's probabilities, `layerCount` layers being kept. */
export function windowEntries(layout: AttentionLayout, layerCount: number): number {
	const perHead = layout.blocks.reduce((sum, block) => sum + blockEntries(block), 0);
	return layerCount * layout.heads * perHead;
}

/** Buffer for one window's probabilities: those of `layers`, in that order, or of every layer. */
export function allocateWindow(
	layout: AttentionLayout,
	layers: readonly number[] = Array.from({ length: layout.layers }, (_, layer) => layer)
): WindowAttention {
	const slots = Array.from({ length: layout.layers }, (_, layer) => {
		const slot = layers.indexOf(layer);
		return slot < 0 ? null : slot;
	});
	const blocks = layout.blocks.map(
		(block) => new Float32Array(layers.length * layout.heads * blockEntries(block))
	);
	return { blocks, slots };
}

/**
 * Buffer for the probabilities that the followers of one window reuse: a single layer's, because the spans of a
 * plan are contiguous, so that no source is needed any more when the next one is written. null: no followers.
 */
export function allocateSource(
	layout: AttentionLayout,
	sources: readonly (number | null)[]
): WindowAttention | null {
	const used = new Set(sources.filter((source, layer) => source !== null && source !== layer));
	if (used.size === 0) return null;
	const { blocks } = allocateWindow(layout, [0]);
	return { blocks, slots: sources.map((_, layer) => (used.has(layer) ? 0 : null)) };
}

/** Block b of one kept layer, [H, queryCount, keyCount], without copying. */
export function layerBlock(
	layout: AttentionLayout,
	attention: WindowAttention,
	layer: number,
	block: number
): Float32Array {
	const slot = attention.slots[layer];
	if (slot === null) throw new RangeError(`layer ${layer}: its attention was not kept`);
	const entries = layout.heads * blockEntries(layout.blocks[block]);
	return attention.blocks[block].subarray(slot * entries, (slot + 1) * entries);
}

/** A layer's probabilities as one square [H, S, S], zeros where no block reaches. */
export function squareAttention(
	layout: AttentionLayout,
	attention: WindowAttention,
	layer: number
): Float32Array {
	const { heads, context, blocks } = layout;
	const square = new Float32Array(heads * context * context);
	blocks.forEach((block, index) => {
		const values = layerBlock(layout, attention, layer, index);
		for (let head = 0; head < heads; head++) {
			for (let row = 0; row < block.queryCount; row++) {
				const from = (head * block.queryCount + row) * block.keyCount;
				const to = (head * context + block.queryStart + row) * context + block.keyStart;
				square.set(values.subarray(from, from + block.keyCount), to);
			}
		}
	});
	return square;
}
