import { DecoderGraph, type LayerGraph } from './decoder.ts';

/**
 * A decoder layer that computes its own attention: hidden [S, hidden] → hidden_out [S, hidden] and, with
 * `tap`, the probabilities of each query block as outputs `probabilities_b` [heads, queryCount, keyCount].
 * Further inputs: cos and sin [S, headDim / 2] and the layer's weights. `reach` is this layer's sliding window.
 * The arithmetic is that of transformers' LlamaDecoderLayer with eager attention, in float32.
 */
export function attendGraph(layer: LayerGraph, reach: number | null, tap: boolean): Uint8Array {
	const graph = DecoderGraph.ofInputs('attend', layer);
	const { builder } = graph;
	const { config, context, blocks } = layer;
	for (const name of ['cos', 'sin']) builder.input(name, [context, config.headDim / 2]);
	const normed = graph.norm('attn/norm', 'hidden', 'inputNorm', config.hidden);
	const probabilities = graph.ownProbabilities(normed, reach);
	if (tap) {
		for (const [index, name] of probabilities.entries()) {
			const { queryCount, keyCount } = blocks[index];
			builder.output(name, [config.heads, queryCount, keyCount]);
		}
	}
	graph.finish(probabilities, graph.values(normed));
	return builder.build();
}
