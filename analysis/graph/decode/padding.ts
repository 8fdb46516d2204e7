import { INT32, type GraphBuilder } from '../../proto/builder.ts';
import type { DecodeGraph } from './graph.ts';

/** Name of the node that fails where a sequence of a batch has no token yet. */
const NO_TOKEN = 'attention_mask_has_a_row_of_padding_alone';

/**
 * GroupQueryAttention goes by lengths: it takes the first tokens of each sequence for its own. Prompts that are padded on
 * the left, as optimum and transformers.js do it, are turned, so that the padding comes last: an input [B, S] as the
 * layers read it. What is padded on the right, or not at all, stays as it is.
 */
export function turnedTokens(graph: DecodeGraph, input: 'input_ids' | 'position_ids'): string {
	return graph.once(`/model/turned/${input}`, (at) => {
		const from = graph.once('/model/turned/places', (at) => places(graph, at, 'Add'));
		return graph.builder.node(at, 'GatherElements', [input, from], { attributes: { axis: 1n } });
	});
}

/** Puts the rows of a value [B, S, width] back to where `turnedTokens` took them from. */
export function turnedBack(graph: DecodeGraph, value: string): string {
	const { builder } = graph;
	const at = '/model/turned_back';
	const indices = builder.node(`${at}/Indices`, 'Unsqueeze', [
		places(graph, at, 'Sub'),
		builder.integers(2)
	]);
	return builder.node(at, 'GatherND', [value, indices], { attributes: { batch_dims: 1n } });
}

/** 0, int64 [1], where every sequence has a token; else a Gather fails, whose name says why. */
export function refuseNoToken(builder: GraphBuilder, counts: string): string {
	const at = `/model/${NO_TOKEN}`;
	const [zero, one] = [builder.integers(0), builder.integers(1)];
	const fewest = builder.node(`${at}/Fewest`, 'ReduceMin', [counts], {
		attributes: { keepdims: 0n }
	});
	const some = builder.node(`${at}/Some`, 'Min', [fewest, one]);
	return builder.node(at, 'Gather', [zero, builder.node(`${at}/Place`, 'Sub', [one, some])]);
}

/** (place ± padding before a sequence's new tokens) modulo S, int64 [B, S]. */
function places(graph: DecodeGraph, at: string, by: 'Add' | 'Sub'): string {
	const { builder } = graph;
	const moved = builder.node(`${at}/Moved`, by, [row(graph), before(graph)]);
	// Mod takes the sign of the divisor, so that it is never negative.
	return builder.node(`${at}/Places`, 'Mod', [moved, columns(graph, 'input_ids')]);
}

/** 0 … S − 1, int64 [1, S]. */
function row(graph: DecodeGraph): string {
	return graph.once('/model/new_places', (at) => {
		const { builder } = graph;
		const count = builder.node(`${at}/Count`, 'Squeeze', [columns(graph, 'input_ids')]);
		const zero = builder.constant('int64_scalar_0', [0n], []);
		const step = builder.constant('int64_scalar_1', [1n], []);
		const range = builder.node(`${at}/Range`, 'Range', [zero, count, step]);
		return builder.node(at, 'Unsqueeze', [range, builder.integers(0)]);
	});
}

/** Padding before the first new token of each sequence, int64 [B, 1]; 0 where all are padding. */
function before(graph: DecodeGraph): string {
	return graph.once('/model/padding_before', (at) => {
		const { builder } = graph;
		const total = columns(graph, 'attention_mask');
		const first = builder.node(`${at}/First`, 'Sub', [total, columns(graph, 'input_ids')]);
		const bounds = [first, total, builder.integers(1)];
		const added = builder.node(`${at}/Added`, 'Slice', ['attention_mask', ...bounds]);
		const small = builder.node(`${at}/Cast`, 'Cast', [added], {
			attributes: { to: BigInt(INT32) }
		});
		return builder.node(at, 'ArgMax', [small], { attributes: { axis: 1n } });
	});
}

/** Columns of an input [B, n], int64 [1]. */
export function columns(graph: DecodeGraph, input: 'input_ids' | 'attention_mask'): string {
	return graph.once(`/model/columns/${input}`, (at) =>
		graph.builder.node(at, 'Shape', [input], { attributes: { start: 1n, end: 2n } })
	);
}
