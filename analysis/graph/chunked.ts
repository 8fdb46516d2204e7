import type { ModelConfig } from '../model/checkpoint/types.ts';
import { GraphBuilder, INT64 } from '../proto/builder.ts';
import {
	blockInputs,
	DecoderGraph,
	probabilitiesName,
	rotaryInputs,
	type LayerGraph
} from './decoder.ts';

/**
 * Queries and keys of a layer: hidden [S, hidden], the layer's weights and, where it `rotates`, cos and sin →
 * `queries` [1, heads, S, headDim] and `keys` [1, kvHeads, S, headDim].
 */
export function projectionsGraph(layer: LayerGraph, { rotates }: { rotates: boolean }): Uint8Array {
	const graph = DecoderGraph.ofInputs('projections', layer);
	const { builder } = graph;
	const { config, context } = layer;
	const rotary = rotates ? rotaryInputs(builder, config, context) : null;
	const found = graph.queriesAndKeys(graph.enter('hidden'), rotary);
	for (const [name, value, heads] of [
		['queries', found.queries, config.heads],
		['keys', found.keys, config.kvHeads]
	] as const) {
		builder.node(name, 'Identity', [value], { outputs: [name] });
		builder.output(name, [1, heads, context, config.headDim]);
	}
	return builder.build();
}

/**
 * Probabilities of one query block of any layer: `queries` and `keys` of the whole window, the block's bounds and its mask
 * (`blockInputs(0)`), and where the model has them the layer's `sinks` → `probabilities_0` [1, heads, queryCount, keyCount].
 */
export function scoresGraph(config: ModelConfig): Uint8Array {
	const builder = new GraphBuilder('scores');
	const { heads, kvHeads, headDim } = config;
	builder.input('queries', [1, heads, 'tokens', headDim]);
	builder.input('keys', [1, kvHeads, 'tokens', headDim]);
	const { queryStart, queryEnd, keyStart, keyEnd, mask } = blockInputs(0);
	for (const name of [queryStart, queryEnd, keyStart, keyEnd]) builder.input(name, [1], INT64);
	builder.input(mask, [1, 1, 'block_queries', 'block_keys']);
	const block = { queryStart: 0, queryCount: 0, keyStart: 0, keyCount: 0 };
	const layer = { config, context: 0, blocks: [block], free: true };
	const graph = new DecoderGraph(builder, layer, (role, dims) => builder.input(role, dims));
	graph.probabilitiesOf('queries', 'keys', null);
	builder.output(probabilitiesName(0), [1, heads, 'block_queries', 'block_keys']);
	return builder.build();
}
