import { layerBlock, type AttentionLayout, type WindowAttention } from './layout.ts';

/**
 * Per layer, tokens from a query to the farthest key that any head gave a probability above 0, both counted. It is as
 * many as the window has where attention reaches over all of it; `before` is what was seen in other windows.
 */
export function seenWindows(
	layout: AttentionLayout,
	attention: WindowAttention,
	before: readonly number[]
): number[] {
	return Array.from({ length: layout.layers }, (_, layer) =>
		seenIn(layout, attention, layer, before.at(layer) ?? 0)
	);
}

function seenIn(
	layout: AttentionLayout,
	attention: WindowAttention,
	layer: number,
	before: number
): number {
	let farthest = before;
	for (const [at, { queryStart, queryCount, keyStart, keyCount }] of layout.blocks.entries()) {
		const values = layerBlock(layout, attention, layer, at);
		for (let row = 0; row < layout.heads * queryCount; row++) {
			const query = queryStart + (row % queryCount);
			// Only keys farther away than any that was seen are of interest.
			const end = query - farthest + 1;
			for (let key = keyStart; key < end; key++) {
				if (values[row * keyCount + key - keyStart] <= 0) continue;
				farthest = query - key + 1;
				break;
			}
		}
	}
	return farthest;
}
