import { DecoderGraph, type LayerGraph } from './decoder.ts';

/**
 * A decoder layer without its attention block, output projection and its bias included: hidden [S, hidden] →
 * hidden_out [S, hidden] = hidden + MLP(norm(hidden)). Further inputs: the weights of the MLP and its norm.
 */
export function leaveOutGraph(layer: LayerGraph): Uint8Array {
	const graph = new DecoderGraph('leave_out', layer);
	graph.feedForward('hidden');
	return graph.builder.build();
}
