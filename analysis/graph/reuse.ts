import { INT64 } from './builder.ts';
import { DecoderGraph, probabilitiesName, type LayerGraph } from './decoder.ts';

/**
 * A decoder layer that reuses another layer's attention (Liao & Vargas 2024, arXiv 2407.12866): it has no q
 * and k projection, no rotary embedding and no softmax. Inputs: hidden [S, hidden], the source's
 * `probabilities_b` [heads, queryCount, keyCount] of each query block, and the remaining weights; output
 * hidden_out [S, hidden]. With `mapped`, a further input `head_map` [heads] names the source's head for each
 * of this layer's heads; without it, heads keep their places.
 */
export function reuseGraph(layer: LayerGraph, mapped = false): Uint8Array {
	const graph = new DecoderGraph('reuse', layer);
	const { config, blocks } = layer;
	const { builder } = graph;
	if (mapped) builder.input('head_map', [config.heads], INT64);
	const probabilities = blocks.map((block, index) => {
		const name = probabilitiesName(index);
		builder.input(name, [config.heads, block.queryCount, block.keyCount]);
		if (!mapped) return name;
		return builder.node(`attn/block_${index}/MapHeads`, 'Gather', [name, 'head_map'], {
			attributes: { axis: 0n }
		});
	});
	const normed = graph.norm('attn/norm', 'hidden', 'inputNorm', config.hidden);
	graph.finish(probabilities, graph.values(normed));
	return builder.build();
}
