import { DecoderGraph, rotaryInputs, type LayerGraph } from './decoder.ts';

/**
 * A decoder layer that computes its own attention: hidden [S, hidden] → hidden_out [S, hidden] and, with
 * `tap`, the probabilities of each query block as outputs `probabilities_b` [heads, queryCount, keyCount].
 * Further inputs: the layer's weights and, where it `rotates`, cos and sin [S, rotaryDims / 2]. `slidingWindow` null: a query
 * sees every key before it. The arithmetic is that of transformers' decoder layers with eager attention, in float32.
 */
export function attendGraph(
	layer: LayerGraph,
	{ slidingWindow, rotates }: { slidingWindow: number | null; rotates: boolean },
	tap: boolean
): Uint8Array {
	const graph = DecoderGraph.ofInputs('attend', layer);
	const { builder } = graph;
	const { config, context, blocks } = layer;
	const rotary = rotates ? rotaryInputs(builder, config, context) : null;
	const normed = graph.enter('hidden');
	const probabilities = graph.ownProbabilities(normed, slidingWindow, rotary);
	if (tap) {
		for (const [index, name] of probabilities.entries()) {
			const { queryCount, keyCount } = blocks[index];
			builder.output(name, [config.heads, queryCount, keyCount]);
		}
	}
	graph.finish(probabilities, graph.values(normed));
	return builder.build();
}
