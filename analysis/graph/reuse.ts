import { DecoderGraph, probabilitiesName, type LayerGraph } from './decoder.ts';

/**
 * A decoder layer that reuses another layer's attention (Liao & Vargas 2024, arXiv 2407.12866): it has no q
 * and k projection, no rotary embedding and no softmax. Inputs: hidden [S, hidden], the source's
 * `probabilities_b` [heads, queryCount, keyCount] of each query block, and the remaining weights; output
 * hidden_out [S, hidden].
 */
export function reuseGraph(layer: LayerGraph): Uint8Array {
	const graph = new DecoderGraph('reuse', layer);
	const { config, blocks } = layer;
	const probabilities = blocks.map((block, index) =>
		graph.builder.input(probabilitiesName(index), [config.heads, block.queryCount, block.keyCount])
	);
	const normed = graph.norm('attn/norm', 'hidden', 'inputNorm', config.hidden);
	graph.finish(probabilities, graph.values(normed));
	return graph.builder.build();
}
