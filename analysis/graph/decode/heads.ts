import type { DecodeGraph } from './graph.ts';

/** Name of a layer's attention block in the graph. */
export function attentionName(layer: number): string {
	return `/model/layers.${layer}/attn`;
}

/** [B, S, hidden] → values of the new tokens, [B, S, kvHeads·headDim]. */
export function projectValues(graph: DecodeGraph, layer: number, normed: string): string {
	const { config } = graph.spec;
	return graph.linear(`${attentionName(layer)}/v_proj`, normed, layer, ['v'], {
		in: config.hidden,
		out: config.kvHeads * config.headDim,
		bias: config.qkvBias
	});
}

/** Queries or keys of the new tokens, [B, S, count·headDim], with the norm over each head where the model has one. */
export function projectHeads(
	graph: DecodeGraph,
	layer: number,
	normed: string,
	role: 'q' | 'k'
): string {
	const { builder, spec } = graph;
	const { config } = spec;
	const count = role === 'q' ? config.heads : config.kvHeads;
	const at = attentionName(layer);
	const out = count * config.headDim;
	const projected = graph.linear(`${at}/${role}_proj`, normed, layer, [role], {
		in: config.hidden,
		out,
		bias: config.qkvBias
	});
	if (!config.qkNorm) return projected;
	const name = `${at}/${role}_norm`;
	const weight = graph.normWeight(
		`model.layers.${layer}.attn.${role}_norm`,
		layer,
		`${role}Norm`,
		config.headDim
	);
	const scaled = builder.node(
		`${name}/SimplifiedLayerNormalization`,
		'SimplifiedLayerNormalization',
		[splitHeads(graph, name, projected, count), weight],
		{ attributes: { axis: -1n, epsilon: config.normEps } }
	);
	return builder.node(`${name}/JoinHeads`, 'Reshape', [scaled, builder.integers(0, 0, out)]);
}

/** [B, S, count·headDim] → [B, S, count, headDim]. */
function splitHeads(graph: DecodeGraph, name: string, input: string, count: number): string {
	return graph.builder.node(`${name}/SplitHeads`, 'Reshape', [
		input,
		graph.builder.integers(0, 0, count, graph.spec.config.headDim)
	]);
}

/** [B, S, count·headDim] → [B, count, S, headDim]. */
export function headsFirst(graph: DecodeGraph, name: string, input: string, count: number): string {
	return graph.builder.node(
		`${name}/HeadsFirst`,
		'Transpose',
		[splitHeads(graph, name, input, count)],
		{ attributes: { perm: [0n, 2n, 1n, 3n] } }
	);
}

/** [B, kvHeads, T, headDim] → [B, heads, T, headDim]: keys or values once for each head that shares them. */
export function repeatHeads(graph: DecodeGraph, name: string, input: string): string {
	const { heads, kvHeads, headDim } = graph.spec.config;
	if (heads === kvHeads) return input;
	const { builder } = graph;
	const apart = builder.node(`${name}/Unsqueeze`, 'Unsqueeze', [input, builder.integers(2)]);
	const repeated = builder.node(`${name}/Expand`, 'Expand', [
		apart,
		builder.integers(1, 1, heads / kvHeads, 1, 1)
	]);
	const dims = builder.integers(0, heads, -1, headDim);
	return builder.node(`${name}/RepeatHeads`, 'Reshape', [repeated, dims]);
}

/** [B, heads, S, width] → [B, kvHeads, G·S, width]: heads of one group as rows, head = kvHead·group + member. */
function groupRows(graph: DecodeGraph, name: string, input: string): string {
	const { heads, kvHeads } = graph.spec.config;
	if (heads === kvHeads) return input;
	// A 0 keeps the input's dimension at its place: the batch, and the width.
	const dims = graph.builder.integers(0, kvHeads, -1, 0);
	return graph.builder.node(`${name}/GroupRows`, 'Reshape', [input, dims]);
}

/** [B, kvHeads, G·S, width] → [B, heads, S, width]. */
function ungroupRows(graph: DecodeGraph, name: string, input: string): string {
	const { heads, kvHeads } = graph.spec.config;
	if (heads === kvHeads) return input;
	const dims = graph.builder.integers(0, heads, -1, 0);
	return graph.builder.node(`${name}/HeadRows`, 'Reshape', [input, dims]);
}

/** Tables of the rotary embedding, [maxPositions, headDim / 2]: cosines, then sines. */
export function rotaryCaches(graph: DecodeGraph): string[] {
	const { maxPositions, headDim } = graph.spec.config;
	return (['cos', 'sin'] as const).map((table) =>
		graph.weight(`${table}_cache`, [maxPositions, headDim / 2], { kind: 'rotary', table })
	);
}

/**
 * Probabilities [B, heads, S, T] times values [B, kvHeads, T, headDim] → [B, S, heads·headDim]. `mix` makes the product
 * of rows [B, kvHeads, G·S, T] with the values, [B, kvHeads, G·S, headDim].
 */
export function mixValues(
	graph: DecodeGraph,
	layer: number,
	probabilities: string,
	mix: (at: string, rows: string) => string
): string {
	const at = attentionName(layer);
	const product = mix(`${at}/MixValues`, groupRows(graph, `${at}/probabilities`, probabilities));
	return joinHeads(graph, layer, ungroupRows(graph, `${at}/mixed`, product));
}

/** [B, heads, S, headDim] → [B, S, heads·headDim]. */
export function joinHeads(graph: DecodeGraph, layer: number, mixed: string): string {
	const { builder, spec } = graph;
	const { heads, headDim } = spec.config;
	const at = attentionName(layer);
	const tokensFirst = builder.node(`${at}/TokensFirst`, 'Transpose', [mixed], {
		attributes: { perm: [0n, 2n, 1n, 3n] }
	});
	return builder.node(`${at}/JoinHeads`, 'Reshape', [
		tokensFirst,
		builder.integers(0, 0, heads * headDim)
	]);
}
