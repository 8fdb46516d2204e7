import { DecoderGraph, type LayerGraph } from './decoder.ts';

/**
 * A decoder layer without its attention block, output projection and its bias included: hidden [S, hidden] →
 * hidden_out [S, hidden] = middle + MLP(norm(middle)), middle being hidden. Further inputs: the weights of the
 * MLP and its norm. With `biased`, a further input `mean_output` [hidden] is added to every token: middle =
 * hidden + mean_output.
 */
export function leaveOutGraph(layer: LayerGraph, biased = false): Uint8Array {
	const graph = DecoderGraph.ofInputs('leave_out', layer);
	const { builder } = graph;
	if (!biased) graph.putOut('hidden');
	else {
		const meanOutput = builder.input('mean_output', [layer.config.hidden]);
		graph.putOut(builder.node('attn/MeanOutput', 'Add', ['hidden', meanOutput]));
	}
	return builder.build();
}
