import { probabilitiesName } from '../graph/decoder.ts';
import { layerBlock, type AttentionLayout, type WindowAttention } from './layout.ts';
import { tensor, type Tensors } from './session.ts';

/** A layer's query blocks as tensors over the place where they are kept. */
export function probabilityTensors(
	layout: AttentionLayout,
	attention: WindowAttention,
	layer: number
): Tensors {
	return Object.fromEntries(
		layout.blocks.map((block, index) => [
			probabilitiesName(index),
			tensor(layerBlock(layout, attention, layer, index), [
				layout.heads,
				block.queryCount,
				block.keyCount
			])
		])
	);
}
