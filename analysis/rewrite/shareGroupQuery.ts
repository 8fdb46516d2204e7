import type { GraphBuilder } from '../proto/builder.ts';
import { FLOAT } from '../proto/builder.ts';
import { areEqual, keyCounts, mixByLengths } from '../graph/lengths.ts';
import { floatTypeOf } from '../model/onnx/floatType.ts';
import type { GraphRewrite } from './rewrite.ts';
import { cutToValues, type SharedWeights } from './shareCut.ts';
import { knownOf } from './shareKnown.ts';
import type { AttentionLayer } from '../model/onnx/types.ts';

/** [B, S, heads, width] and [B, heads, S, width], one from the other. */
const SWAP_HEADS_AND_TOKENS = [0n, 2n, 1n, 3n];
/** Places among the node's inputs, and of the cache among its outputs. */
const INPUTS = { packed: 0, value: 2, pastValue: 4, lastTokens: 5, total: 6 };
const PRESENT_VALUE = 2;

/**
 * Makes a GroupQueryAttention use probabilities [B, H, S, keys] of another: what is left of it is the product with its
 * values, which lie in the cache where the operator puts them, each sequence's behind its own.
 */
export function followGroupQuery(
	rewrite: GraphRewrite,
	graph: GraphBuilder,
	attention: AttentionLayer,
	probabilities: string,
	weights: SharedWeights
): void {
	const { view, prefix } = rewrite;
	const name = `${prefix}layer.${attention.layer}`;
	const node = view.node(attention.node);
	const heads = knownOf(attention, 'number of heads', attention.heads);
	const kvHeads = knownOf(attention, 'number of key heads', attention.kvHeads);
	const values = attention.packed
		? cutToValues(rewrite, graph, attention, weights)
		: knownOf(attention, 'input of values', node.input[INPUTS.value] || null);
	const split = graph.node(`${name}.split`, 'Reshape', [values, graph.integers(0, 0, kvHeads, -1)]);
	const swap = { attributes: { perm: SWAP_HEADS_AND_TOKENS } };
	const fresh = graph.node(`${name}.values`, 'Transpose', [split], swap);
	// A 0 keeps the dimension at its place: the batch, and the last.
	const rows = graph.node(`${name}.groups`, 'Reshape', [
		probabilities,
		graph.integers(0, kvHeads, -1, 0)
	]); // [B, KV, G·S, keys]
	const counts = keyCounts(graph, `${name}.lengths`, node.input[INPUTS.lastTokens]);
	const equal = areEqual(graph, `${name}.lengths`, counts, node.input[INPUTS.total]);
	const type = floatTypeOf(view, node.input[INPUTS.value] || node.input[INPUTS.packed]);
	const mixed = `${name}.mixed`;
	mixByLengths(
		graph,
		`${name}.mix`,
		{ counts, equal },
		{
			probabilities: rows,
			past: node.input[INPUTS.pastValue] || null,
			fresh,
			kvHeads,
			elementType: type ?? FLOAT,
			present: node.output[PRESENT_VALUE] || `${name}.cache`,
			mixed
		}
	);
	const perHead = graph.node(`${name}.ungroup`, 'Reshape', [
		mixed,
		graph.integers(0, heads, -1, 0)
	]); // [B, H, S, D]
	const tokens = graph.node(`${name}.tokens`, 'Transpose', [perHead], swap);
	graph.node(`${name}.join`, 'Reshape', [tokens, graph.integers(0, 0, -1)], {
		outputs: [node.output[0]]
	});
	rewrite.replace(attention.node, graph);
}
