import { DecoderGraph, probabilitiesName, type LayerGraph } from './decoder.ts';

/**
 * Builds the graph of a layer's attention output with given probabilities, P·V·W_O without the bias of W_O, and of
 * its distance from `own`. Inputs: hidden and own [S, hidden], `probabilities_b` [heads, queryCount, keyCount] of each
 * query block, and the weights of the norm, V and W_O. Outputs: output [S, hidden] and square, the squared Frobenius
 * norm of output − own.
 */
export function outputGraph(layer: LayerGraph): Uint8Array {
	const graph = DecoderGraph.ofInputs('output', layer);
	const { builder } = graph;
	const { config, context, blocks } = layer;
	const dims = [context, config.hidden];
	const own = builder.input('own', dims);
	const probabilities = blocks.map((block, index) =>
		builder.input(probabilitiesName(index), [config.heads, block.queryCount, block.keyCount])
	);
	const normed = graph.enter('hidden');
	const output = graph.mix(probabilities, graph.values(normed), false);
	const apart = builder.node('apart', 'Sub', [output, own]);
	builder.node('square', 'ReduceSumSquare', [apart], {
		outputs: ['square'],
		attributes: { keepdims: 0n }
	});
	builder.node('output', 'Identity', [output], { outputs: ['output'] });
	builder.output('output', dims);
	builder.output('square', []);
	return builder.build();
}
