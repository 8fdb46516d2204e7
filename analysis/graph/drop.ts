import { DecoderGraph, type LayerGraph } from './decoder.ts';

/**
 * A decoder layer without its attention block, output projection and its bias included: hidden [S, hidden] →
 * hidden_out [S, hidden] = middle + MLP(norm(middle)), middle being hidden. Further inputs: the weights of the
 * MLP and its norm. With `biased`, a further input `mean_output` [hidden] stands in for what the attention block puts
 * out, of every token: middle = hidden + mean_output, through the norm that a model may have there.
 */
export function dropGraph(layer: LayerGraph, biased = false): Uint8Array {
	const graph = DecoderGraph.ofInputs('drop', layer);
	const { builder } = graph;
	if (!biased) graph.exposeHidden('hidden');
	else {
		const meanOutput = builder.input('mean_output', [layer.config.hidden]);
		graph.exposeHidden(graph.join('attn', 'hidden', meanOutput));
	}
	return builder.build();
}
