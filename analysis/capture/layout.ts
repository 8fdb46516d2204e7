import { blockEntries, queryBlocks, widestReach, type QueryBlock } from '../graph/blocks.ts';
import type { ModelConfig } from '../checkpoint/types.ts';

/** Where the probabilities of one window lie: per query block an array [L, H, queryCount·keyCount]. */
export interface AttentionLayout {
	layers: number;
	heads: number;
	context: number;
	blocks: readonly QueryBlock[];
}

export function attentionLayout(config: ModelConfig, context: number): AttentionLayout {
	const blocks = queryBlocks(context, widestReach(config.reach));
	return { layers: config.layers, heads: config.heads, context, blocks };
}

/** One window's probabilities; block b is a flat [L, H, queryCount·keyCount]. */
export type WindowAttention = readonly Float32Array[];

/** Float32 elements of one window's probabilities. */
export function windowEntries(layout: AttentionLayout): number {
	const perHead = layout.blocks.reduce((sum, block) => sum + blockEntries(block), 0);
	return layout.layers * layout.heads * perHead;
}

export function allocateWindow(layout: AttentionLayout): WindowAttention {
	return layout.blocks.map(
		(block) => new Float32Array(layout.layers * layout.heads * blockEntries(block))
	);
}

/** Block b of one layer, [H, queryCount, keyCount], without copying. */
export function layerBlock(
	layout: AttentionLayout,
	attention: WindowAttention,
	layer: number,
	block: number
): Float32Array {
	const entries = layout.heads * blockEntries(layout.blocks[block]);
	return attention[block].subarray(layer * entries, (layer + 1) * entries);
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
