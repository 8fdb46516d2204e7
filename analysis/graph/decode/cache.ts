import type { DecodeGraph } from './graph.ts';

export type CachePart = 'key' | 'value';

function dims(graph: DecodeGraph, length: string): (string | number)[] {
	const { kvHeads, headDim } = graph.spec.config;
	return ['batch_size', kvHeads, length, headDim];
}

/** Declares what a layer has in the cache before this call, [B, kvHeads, P, headDim]. */
export function pastInput(graph: DecodeGraph, layer: number, part: CachePart): string {
	return graph.builder.input(
		`past_key_values.${layer}.${part}`,
		dims(graph, 'past_sequence_length'),
		graph.elementType
	);
}

/** Declares what it has there after it, [B, kvHeads, T, headDim]. */
export function presentOutput(graph: DecodeGraph, layer: number, part: CachePart): string {
	const name = `present.${layer}.${part}`;
	graph.builder.output(name, dims(graph, 'total_sequence_length'), graph.elementType);
	return name;
}

/** Appends new tokens, [B, kvHeads, S, headDim], to the cache: past + new = present. */
export function appendToCache(
	graph: DecodeGraph,
	layer: number,
	part: CachePart,
	fresh: string
): string {
	return graph.builder.node(
		`/model/layers.${layer}/attn/${part}/Concat`,
		'Concat',
		[pastInput(graph, layer, part), fresh],
		{ outputs: [presentOutput(graph, layer, part)], attributes: { axis: 2n } }
	);
}
