import { DecoderGraph, type LayerGraph } from './decoder.ts';

/**
 * A decoder layer that reuses another layer's attention (Liao & Vargas 2024, arXiv 2407.12866): it has no q
 * and k projection, no rotary embedding and no softmax. Inputs: hidden [S, hidden], the source's
 * `probabilities_b` [heads, queryCount, keyCount] of each query block, and the remaining weights; output
 * hidden_out [S, hidden]. With `mapped`, a further input `head_map` [heads] names the source's head for each
 * of this layer's heads; without it, heads keep their places.
 */
export function reuseGraph(layer: LayerGraph, mapped = false): Uint8Array {
	const graph = DecoderGraph.ofInputs('reuse', layer);
	const probabilities = graph.givenProbabilities(mapped);
	const normed = graph.enter('hidden');
	graph.finish(probabilities, graph.values(normed));
	return graph.builder.build();
}
