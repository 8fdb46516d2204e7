import { FLOAT } from '../../proto/builder.ts';
import type { NodeProto } from '../../proto/onnx_pb.ts';
import { attributeOf, integerOf, type GraphView } from './graphView.ts';
import { rankOf } from './shapes.ts';
import type { AttentionLayer } from './types.ts';

/** A com.microsoft Attention taken apart: the one node that has the projections of q, k and v inside. */
export interface ContribAttention {
	/** Hidden states [B, S, in]. */
	input: string;
	/** [in, q + k + v], those of q first. */
	weight: string;
	/** [q + k + v]. */
	bias: string;
	/** 1 where a key may be seen, 0 where not: [B, keys], or [B, S, keys]. */
	mask: { name: string; rank: 2 | 3 } | null;
	/** [B or 1, H or 1, S, keys], added to the scores. */
	attentionBias: string | null;
	/** Keys and values, [2, B, H, past, D]. */
	past: string | null;
	present: string | null;
	/** [B, S, v]. */
	output: string;
	heads: number;
	/** Columns of q, k and v. */
	sizes: [number, number, number];
	scale: number;
	/** True if a token sees only itself and those before it. */
	causal: boolean;
	/** Number added to the scores of keys that the mask hides. */
	hidden: number;
	/** TensorProto.DataType of weights and hidden states. */
	elementType: number;
}

/** Places of inputs and outputs. */
const [INPUT, WEIGHT, BIAS, MASK, PAST, ATTENTION_BIAS] = [0, 1, 2, 3, 4, 5];
const PRESENT = 1;
/** Number that onnxruntime adds where a mask hides a key and no attribute gives one. */
const HIDDEN = -10000;

/**
 * Takes a node apart; a reason where it is of a kind that decoders do not have or that onnxruntime's CPU kernel does
 * not run. Inputs and attributes as onnxruntime's contrib operators have them (docs/ContribOperators.md).
 */
export function contribAttention(view: GraphView, node: NodeProto): ContribAttention | string {
	const given = (place: number): string | null => node.input[place] || null;
	const [input, weight, bias] = [given(INPUT), given(WEIGHT), given(BIAS)];
	const heads = integerOf(node, 'num_heads');
	if (input === null || weight === null || heads === null)
		return 'input, weight or num_heads is missing';
	// Biases are optional, but the kernel asks for their shape all the same: with 1.30 the process ends.
	if (bias === null) return 'it has no biases, without which the CPU kernel crashes';
	if (integerOf(node, 'do_rotary') === 1) return 'do_rotary turns q and k inside the node';
	if (integerOf(node, 'past_present_share_buffer') === 1)
		return 'past_present_share_buffer: past and present are one buffer, which the CPU kernel does not know';
	const sizes = sizesOf(view, node, weight, bias);
	if (sizes === null) return 'the widths of q, k and v cannot be told from the graph';
	const [query, key, value] = sizes;
	const past = given(PAST);
	const uneven = query % heads !== 0 || value % heads !== 0;
	if (query !== key || uneven || (past !== null && value !== key)) {
		return `q, k and v are ${sizes.join(', ')} wide, of ${heads} heads, which onnxruntime does not take`;
	}
	const mask = maskOf(view, given(MASK));
	if (typeof mask === 'string') return mask;
	const said = attributeOf(node, 'scale')?.f ?? 0;
	return {
		input,
		weight,
		bias,
		mask,
		attentionBias: given(ATTENTION_BIAS),
		past,
		present: node.output[PRESENT] || null,
		output: node.output[0],
		heads,
		sizes,
		scale: said === 0 ? 1 / Math.sqrt(query / heads) : said,
		causal: integerOf(node, 'unidirectional') === 1,
		hidden: attributeOf(node, 'mask_filter_value')?.f ?? HIDDEN,
		elementType: elementTypeOf(view, [weight, bias, input, past])
	};
}

/** The same of a layer that was found to be such a node. */
export function partsOf(view: GraphView, { node, layer }: AttentionLayer): ContribAttention {
	const parts = contribAttention(view, view.node(node));
	if (typeof parts === 'string') throw new Error(`layer ${layer}: ${parts}`);
	return parts;
}

/** Columns of q, k and v: as an attribute says, else thirds of the weight. */
function sizesOf(
	view: GraphView,
	node: NodeProto,
	weight: string,
	bias: string
): [number, number, number] | null {
	const said = attributeOf(node, 'qkv_hidden_sizes')?.ints.map(Number) ?? [];
	if (said.length === 3) return [said[0], said[1], said[2]];
	const columns = view.shape(weight)?.[1] ?? view.shape(bias)?.[0];
	if (typeof columns !== 'number' || columns % 3 !== 0) return null;
	return [columns / 3, columns / 3, columns / 3];
}

function maskOf(view: GraphView, name: string | null): ContribAttention['mask'] | string {
	if (name === null) return null;
	const rank = rankOf(view, name);
	if (rank === 2 || rank === 3) return { name, rank };
	if (rank === 1) return 'mask_index holds lengths, as encoders have; expected a mask of its own';
	return rank === null
		? 'the number of dimensions of mask_index cannot be told from the graph'
		: `mask_index has ${rank} dimensions, which the CPU kernel does not take`;
}

function elementTypeOf(view: GraphView, values: readonly (string | null)[]): number {
	for (const value of values) {
		const type = value === null ? null : view.elementType(value);
		if (type !== null) return type;
	}
	return FLOAT;
}
