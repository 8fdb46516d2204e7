import { DecoderGraph, type LayerGraph } from './decoder.ts';

/**
 * The sums of one window from which an output projection W_O is refitted. Z [S, heads·headDim] are the heads'
 * outputs under the probabilities that are given, R = target − Z·W_Oᵀ what is missing to the target. Inputs:
 * hidden and target [S, hidden], `probabilities_b` [heads, queryCount, keyCount] of each query block, with
 * `mapped` head_map [heads], and the weights of the norm, V and W_O (without its bias); outputs: gram = ZᵀZ
 * [heads·headDim, heads·headDim] and missing = RᵀZ [hidden, heads·headDim].
 */
export function repairSumsGraph(layer: LayerGraph, mapped: boolean): Uint8Array {
	const graph = DecoderGraph.ofInputs('repair_sums', layer);
	const { builder } = graph;
	const { hidden, heads, headDim } = layer.config;
	const target = builder.input('target', [layer.context, hidden]);
	const probabilities = graph.givenProbabilities(mapped);
	const normed = graph.enter('hidden');
	const outputs = graph.headOutputs(probabilities, graph.values(normed));
	const missing = builder.node('missing/Sub', 'Sub', [target, graph.project(outputs, false)]);
	const sum = (name: string, left: string, rows: number) => {
		builder.node(`${name}/Gemm`, 'Gemm', [left, outputs], {
			outputs: [name],
			attributes: { transA: 1n }
		});
		builder.output(name, [rows, heads * headDim]);
	};
	sum('gram', outputs, heads * headDim);
	sum('missing', missing, hidden);
	return builder.build();
}
