import type { Probes } from '../model/tokens/probes.ts';
import { layerBlock, type AttentionLayout, type WindowAttention } from './layout.ts';

/**
 * Sums of the attention from each token of the second copy of a probe's passage to the token after its first occurrence:
 * the mark of an induction head (Olsson et al. 2022, arXiv 2209.11895).
 */
export class InductionSums {
	readonly #layout: AttentionLayout;
	readonly #passage: number;
	readonly #bos: number;
	/** [L, H] */
	readonly #sums: Float64Array;
	/** Entries that went into each sum, by layer. */
	readonly #counts: Float64Array;

	constructor(layout: AttentionLayout, { context, passage }: Pick<Probes, 'context' | 'passage'>) {
		this.#layout = layout;
		this.#passage = passage;
		this.#bos = context - 4 * passage;
		this.#sums = new Float64Array(layout.layers * layout.heads);
		this.#counts = new Float64Array(layout.layers);
	}

	/** Adds what a layer of one probe attends to; a key beyond its sliding window gets nothing. */
	add(attention: WindowAttention, layer: number): void {
		const { heads, blocks } = this.#layout;
		const second = this.#bos + 3 * this.#passage;
		for (const [index, { queryStart, queryCount, keyStart, keyCount }] of blocks.entries()) {
			const values = layerBlock(this.#layout, attention, layer, index);
			for (let row = 0; row < queryCount; row++) {
				const token = queryStart + row - second;
				if (token < 0) continue;
				const key = this.#bos + token + 1 - keyStart;
				this.#counts[layer]++;
				if (key < 0) continue;
				for (let head = 0; head < heads; head++)
					this.#sums[layer * heads + head] += values[(head * queryCount + row) * keyCount + key];
			}
		}
	}

	/** Mean of each head, [L][H]. */
	means(): number[][] {
		const { layers, heads } = this.#layout;
		return Array.from({ length: layers }, (_, layer) =>
			Array.from(
				this.#sums.subarray(layer * heads, (layer + 1) * heads),
				(sum) => sum / this.#counts[layer]
			)
		);
	}
}
