import { valuePlaces, type CachePart, type ValuePlace } from './cacheSlots.ts';
import type { DecodeGraph } from './graph.ts';

const WIDTH = 3n;
const HALVES: readonly CachePart[] = ['key', 'value'];

/** Declares what a layer has in the cache before this call, [B, kvHeads, P, headDim]; returns its name. */
export function pastInput(graph: DecodeGraph, layer: number, part: CachePart): string {
	const place = placeOf(graph, layer, part);
	if (place.part !== 'both') return declarePast(graph, place.layer, place.part);
	const halves = HALVES.map((half) => declarePast(graph, place.layer, half, 2));
	return graph.builder.node(`/model/layers.${layer}/attn/past/Concat`, 'Concat', halves, {
		attributes: { axis: WIDTH }
	});
}

/** Declares what a layer with its own attention has there after it, [B, kvHeads, T, headDim]; returns its name. */
export function presentOutput(
	graph: DecodeGraph,
	layer: number,
	part: CachePart,
	parts = 1
): string {
	const name = `present.${layer}.${part}`;
	graph.builder.output(name, dimsOf(graph, 'total_sequence_length', parts), graph.elementType);
	return name;
}

/** As `presentOutput`, of any layer: `write` puts it out by the name that it is given. */
export function keepPresent(
	graph: DecodeGraph,
	layer: number,
	part: CachePart,
	write: (name: string) => void
): void {
	const place = placeOf(graph, layer, part);
	if (place.part !== 'both') {
		write(presentOutput(graph, place.layer, place.part));
		return;
	}
	const whole = `/model/layers.${layer}/attn/present`;
	write(whole);
	graph.builder.node(`${whole}/Split`, 'Split', [whole], {
		outputs: HALVES.map((half) => presentOutput(graph, place.layer, half, 2)),
		attributes: { axis: WIDTH, num_outputs: 2n }
	});
}

/** Appends new tokens, [B, kvHeads, S, headDim], to the cache: past + new = present, whose name is returned. */
export function appendToCache(
	graph: DecodeGraph,
	layer: number,
	part: CachePart,
	fresh: string
): string {
	const past = pastInput(graph, layer, part);
	let present = '';
	keepPresent(graph, layer, part, (name) => {
		present = name;
		graph.builder.node(`/model/layers.${layer}/attn/${part}/Concat`, 'Concat', [past, fresh], {
			outputs: [name],
			attributes: { axis: 2n }
		});
	});
	return present;
}

function placeOf({ spec }: DecodeGraph, layer: number, part: CachePart): ValuePlace {
	return (part === 'value' && valuePlaces(spec.sources).get(layer)) || { layer, part };
}

function declarePast(graph: DecodeGraph, layer: number, part: CachePart, parts = 1): string {
	const dims = dimsOf(graph, 'past_sequence_length', parts);
	return graph.builder.input(`past_key_values.${layer}.${part}`, dims, graph.elementType);
}

function dimsOf({ spec }: DecodeGraph, length: string, parts: number): (string | number)[] {
	const { kvHeads, headDim } = spec.config;
	return ['batch_size', kvHeads, length, headDim / parts];
}
