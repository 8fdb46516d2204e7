import type { GraphBuilder } from '../proto/builder.ts';
import { NodeProtoSchema } from '../proto/onnx_pb.ts';
import { isInOne } from '../model/onnx/cacheNames.ts';
import { withFields } from '../model/onnx/copy.ts';
import { integerOf } from '../model/onnx/graphView.ts';
import type { GraphRewrite } from './rewrite.ts';
import { headsOf, rankOf } from '../model/onnx/shapes.ts';
import { followContrib } from './shareContrib.ts';
import type { SharedWeights } from './shareCut.ts';
import { followGroupQuery } from './shareGroupQuery.ts';
import { keepValuesAlone, VALUES_ALONE } from './shareInOne.ts';
import { knownOf } from './shareKnown.ts';
import type { AttentionLayer } from '../model/onnx/types.ts';

/** [B, S, heads, width] and [B, heads, S, width], one from the other. */
const SWAP_HEADS_AND_TOKENS = [0n, 2n, 1n, 3n];
/** Axis of heads in probabilities [B, H, S, keys], of keys and tokens in what is cached [B, KV, keys, D]. */
const HEADS = 1n;
const KEYS = 2n;

/** Values of a fused node: places of q, k, v and of the cache of values among its inputs. */
const PAST_VALUE = { MultiHeadAttention: 7, Attention: 5 } as const;
const VALUE = 2;
const PRESENT_VALUE = 2;

/**
 * Makes a layer use probabilities [B, H, S, keys] of another instead of its own. What its own were made of is left
 * idle. Of a fused node the product with the values is written out, the cache of values put together as it did.
 */
export function follow(
	rewrite: GraphRewrite,
	attention: AttentionLayer,
	source: { probabilities: string; headMap: readonly number[] | null },
	weights: SharedWeights
): void {
	const graph = rewrite.builder();
	const name = `${rewrite.prefix}layer.${attention.layer}`;
	const probabilities =
		source.headMap === null
			? source.probabilities
			: graph.node(
					`${name}.heads`,
					'Gather',
					[source.probabilities, graph.integers(...source.headMap)],
					{ attributes: { axis: HEADS } }
				);
	if (attention.product === null) {
		if (attention.form === 'contribAttention')
			followContrib(rewrite, graph, attention, probabilities, weights);
		else if (attention.form === 'GroupQueryAttention')
			followGroupQuery(rewrite, graph, attention, probabilities, weights);
		else followFused(rewrite, graph, attention, probabilities);
		return;
	}
	const product = rewrite.view.node(attention.product);
	const input = [probabilities, ...product.input.slice(1)];
	rewrite.replace(attention.product, graph, withFields(NodeProtoSchema, product, { input }));
	const { pastValue } = attention.values;
	if (pastValue === null || !isInOne(rewrite.view, pastValue)) return;
	keepValuesAlone(rewrite, attention);
	if (!weights.notes.includes(VALUES_ALONE)) weights.notes.push(VALUES_ALONE);
}

function followFused(
	rewrite: GraphRewrite,
	graph: GraphBuilder,
	attention: AttentionLayer,
	probabilities: string
): void {
	const { view, prefix } = rewrite;
	const name = `${prefix}layer.${attention.layer}`;
	const node = view.node(attention.node);
	const heads = knownOf(attention, 'number of heads', attention.heads);
	const layout = valueLayout(rewrite, attention);
	const fresh = knownOf(attention, 'input of values', node.input[VALUE] || null);
	const values = cachedValues(graph, attention, {
		name,
		fresh: layout.split
			? graph.node(`${name}.split`, 'Reshape', [fresh, graph.integers(0, 0, layout.heads, -1)])
			: fresh,
		split: layout.split,
		past: node.input[PAST_VALUE[formOf(attention)]] || null,
		present: node.output[PRESENT_VALUE] || null
	});
	mix(graph, name, {
		probabilities,
		heads,
		values,
		layout,
		attended: node.output[0],
		form: attention.form
	});
	rewrite.replace(attention.node, graph);
}

/**
 * Probabilities [B, H, S, keys] times values [B, KV, keys, D], as [B, S, H · D] where the node's values were to be
 * split, else as [B, H, S, D].
 */
function mix(
	graph: GraphBuilder,
	name: string,
	given: {
		probabilities: string;
		heads: number;
		values: string;
		layout: ValueLayout;
		attended: string;
		form: AttentionLayer['form'];
	}
): void {
	const { probabilities, heads, values, layout, attended, form } = given;
	const grouped = layout.heads !== heads;
	// onnxruntime takes the last dimension of what Attention puts out for 0, which no Reshape would get past.
	const repeated = grouped && form === 'Attention';
	const regrouped = grouped && !repeated;
	const perGroup = heads / layout.heads;
	const valueHeads = Array.from({ length: heads }, (_, head) => Math.floor(head / perGroup));
	// A 0 keeps the dimension at its place: the batch, and the last.
	const rows = regrouped
		? graph.node(`${name}.groups`, 'Reshape', [
				probabilities,
				graph.integers(0, layout.heads, -1, 0)
			])
		: probabilities; // [B, KV, G·S, keys]
	const columns = repeated
		? graph.node(`${name}.repeat`, 'Gather', [values, graph.integers(...valueHeads)], {
				attributes: { axis: HEADS }
			})
		: values;
	const last = { outputs: [attended] };
	const mixed = graph.node(
		`${name}.mix`,
		'MatMul',
		[rows, columns],
		layout.split || regrouped ? {} : last
	);
	const perHead = regrouped
		? graph.node(
				`${name}.ungroup`,
				'Reshape',
				[mixed, graph.integers(0, heads, -1, 0)],
				layout.split ? {} : last
			)
		: mixed; // [B, H, S, D]
	if (!layout.split) return;
	const tokens = graph.node(`${name}.tokens`, 'Transpose', [perHead], {
		attributes: { perm: SWAP_HEADS_AND_TOKENS }
	});
	graph.node(`${name}.join`, 'Reshape', [tokens, graph.integers(0, 0, -1)], last);
}

interface ValueLayout {
	heads: number;
	/** True if they come as [B, S, heads · D] and are to be split; false: they come as [B, heads, S, D]. */
	split: boolean;
}

/** Heads that a node's values have, and how they come. */
function valueLayout({ view }: GraphRewrite, attention: AttentionLayer): ValueLayout {
	const kvHeads = (): number => knownOf(attention, 'number of key heads', attention.kvHeads);
	const form = formOf(attention);
	const node = view.node(attention.node);
	const value = node.input[VALUE];
	const rank = rankOf(view, value);
	if (form === 'MultiHeadAttention') return { heads: kvHeads(), split: rank !== 4 };
	const flat = rank === 3 || (rank === null && integerOf(node, 'kv_num_heads') !== null);
	if (flat) return { heads: kvHeads(), split: true };
	// Exporters repeat values for the query heads before the node: those count that it is given.
	return { heads: headsOf(view, value).heads ?? kvHeads(), split: false };
}

/** Values [B, KV, keys, D], behind those of the cache where there is one; they are put out as the node did. */
function cachedValues(
	graph: GraphBuilder,
	attention: AttentionLayer,
	{
		name,
		fresh,
		split,
		past,
		present
	}: { name: string; fresh: string; split: boolean; past: string | null; present: string | null }
): string {
	const outputs = present === null ? {} : { outputs: [present] };
	const swapped = split
		? graph.node(`${name}.values`, 'Transpose', [fresh], {
				attributes: { perm: SWAP_HEADS_AND_TOKENS },
				...(past === null && outputs)
			})
		: fresh;
	if (past !== null) {
		return graph.node(`${name}.cache`, 'Concat', [past, swapped], {
			attributes: { axis: KEYS },
			...outputs
		});
	}
	return split || present === null
		? swapped
		: graph.node(`${name}.cache`, 'Identity', [swapped], outputs);
}

function formOf({ form, layer }: AttentionLayer): keyof typeof PAST_VALUE {
	if (form !== 'MultiHeadAttention' && form !== 'Attention') {
		throw new Error(`layer ${layer}: ${form} is no node that takes values`);
	}
	return form;
}
