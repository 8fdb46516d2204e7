import { describe, expect, it } from 'vitest';
import { InductionSums } from './induction.ts';
import { allocateWindow, attentionLayout, layerBlock } from './layout.ts';

/** Two layers, two heads; BOS, then a passage of 2 tokens, 4 between, and the passage again: 9 tokens. */
const probes = { context: 9, passage: 2 };
const layout = attentionLayout(
	{ layers: 2, heads: 2, slidingWindows: [null, null] },
	probes.context
);

describe('the induction score of a head', () => {
	it('is the mean attention from a token of the second copy to the token after its first occurrence', () => {
		const attention = allocateWindow(layout);
		const set = (layer: number, head: number, query: number, key: number, value: number) => {
			const block = layout.blocks.findIndex(
				({ queryStart, queryCount }) => query >= queryStart && query < queryStart + queryCount
			);
			const { queryStart, queryCount, keyStart, keyCount } = layout.blocks[block];
			const row = head * queryCount + query - queryStart;
			layerBlock(layout, attention, layer, block)[row * keyCount + key - keyStart] = value;
		};
		// The second copy are tokens 7 and 8, the first 1 and 2: 7 looks at 2, 8 at 3.
		set(1, 0, 7, 2, 0.5);
		set(1, 0, 8, 3, 0.25);
		set(1, 1, 7, 1, 1);
		set(1, 1, 8, 8, 1);
		const sums = new InductionSums(layout, probes);
		for (const layer of [0, 1]) sums.add(attention, layer);
		expect(sums.means()).toEqual([
			[0, 0],
			[0.375, 0]
		]);
	});
});
