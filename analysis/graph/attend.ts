import { MICROSOFT } from '../proto/builder.ts';
import { causalMask } from './blocks.ts';
import { DecoderGraph, probabilitiesName, type LayerGraph } from './decoder.ts';

/**
 * A decoder layer that computes its own attention: hidden [S, hidden] → hidden_out [S, hidden] and, with
 * `tap`, the probabilities of each query block as outputs `probabilities_b` [heads, queryCount, keyCount].
 * Further inputs: cos and sin [S, headDim / 2] and the layer's weights. `reach` is this layer's sliding window.
 * The arithmetic is that of transformers' LlamaDecoderLayer with eager attention, in float32.
 */
export function attendGraph(layer: LayerGraph, reach: number | null, tap: boolean): Uint8Array {
	const graph = new DecoderGraph('attend', layer);
	const { builder } = graph;
	const { config, context, blocks } = layer;
	const { heads, kvHeads, headDim } = config;
	const group = heads / kvHeads;

	builder.input('cos', [context, headDim / 2]);
	builder.input('sin', [context, headDim / 2]);
	const positions = builder.constant(
		'positions',
		Array.from({ length: context }, (_, position) => BigInt(position)),
		[1, context]
	);
	const normed = graph.norm('attn/norm', 'hidden', 'inputNorm', config.hidden);

	/** Projection, optional norm and rotary embedding: [S, hidden] → [1, count, S, headDim]. */
	const project = (role: 'q' | 'k', count: number): string => {
		const at = `attn/${role}`;
		const projected = graph.linear(
			`${at}_proj`,
			normed,
			role,
			count * headDim,
			config.hidden,
			config.qkvBias
		);
		const split = graph.splitHeads(at, projected, count);
		const scaled = config.qkNorm ? graph.norm(at, split, `${role}Norm`, headDim) : split;
		return builder.node(
			`${at}/Rotary`,
			'RotaryEmbedding',
			[graph.headsFirst(at, scaled), positions, 'cos', 'sin'],
			{ domain: MICROSOFT }
		);
	};
	const queries = project('q', heads);
	const keys = project('k', kvHeads);

	const probabilities = blocks.map((block, index) => {
		const at = `attn/block_${index}`;
		// Heads of one group share keys: their queries are stacked as rows, head = kvHead·group + member.
		const grouped = builder.node(`${at}/GroupQueries`, 'Reshape', [
			graph.tokens(`${at}/q`, queries, block.queryStart, block.queryCount),
			builder.integers(1, kvHeads, group * block.queryCount, headDim)
		]);
		const scores = builder.node(
			`${at}/Scores`,
			'FusedMatMul',
			[grouped, graph.tokens(`${at}/k`, keys, block.keyStart, block.keyCount)],
			{ domain: MICROSOFT, attributes: { alpha: 1 / Math.sqrt(headDim), transB: 1n } }
		);
		const perHead = builder.node(`${at}/HeadScores`, 'Reshape', [
			scores,
			builder.integers(heads, block.queryCount, block.keyCount)
		]);
		const mask = builder.constant(`${at}/mask`, causalMask(block, reach), [
			1,
			block.queryCount,
			block.keyCount
		]);
		const name = probabilitiesName(index);
		builder.node(`${at}/Softmax`, 'Softmax', [builder.node(`${at}/Mask`, 'Add', [perHead, mask])], {
			outputs: [name],
			attributes: { axis: -1n }
		});
		if (tap) builder.output(name, [heads, block.queryCount, block.keyCount]);
		return name;
	});

	graph.finish(probabilities, graph.values(normed));
	return builder.build();
}
