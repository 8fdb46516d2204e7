import type { NodeProto } from '../../proto/onnx_pb.ts';
import { columnsOf, widthOf } from './columns.ts';
import { contribAttention } from './contribAttention.ts';
import { integerOf, type GraphView } from './graphView.ts';
import { beforeRepeat, headsOf, rankOf } from './shapes.ts';
import type { AttentionForm, AttentionLayer, AttentionValues, Probabilities } from './types.ts';

const MICROSOFT = 'com.microsoft';

/** Attention in one node whose probabilities no attribute and no output gives. */
const UNSUPPORTED: Partial<Record<string, string>> = {
	PagedAttention: 'the node has no output for them',
	SparseAttention: 'the node has no output for them',
	LinearAttention: 'it has no softmax',
	QAttention: 'the node is quantized and has no output for them',
	LongformerAttention: 'the node has no output for them',
	PackedAttention: 'the node has no output for them',
	PackedMultiHeadAttention: 'the node has no output for them',
	DecoderMaskedMultiHeadAttention: 'it runs one token at a time',
	DecoderMaskedSelfAttention: 'it runs one token at a time',
	DecoderAttention: 'the node has no output for them'
};

/** Attribute that asks GroupQueryAttention for what it computed, and its value after the softmax. */
const GROUP_QUERY_TAP = { name: 'qk_output', value: 2 };
/** The same of the standard Attention: 3 is after the softmax in every version. */
const STANDARD_TAP = { name: 'qk_matmul_output_mode', value: 3 };

/** Inputs of GroupQueryAttention that hold the weights of norms on q and k. */
const GROUP_QUERY_NORMS = [14, 15];

const SHARED_LOSS = 'q and k projections, rotary embedding, scores, softmax and k cache';

type Fused = Omit<AttentionLayer, 'layer'>;

/** The attention that a single node is; null: it is none that is known. */
export function fusedAttention(view: GraphView, index: number): Fused | null {
	const node = view.node(index);
	if (node.domain === '' || node.domain === 'ai.onnx') {
		return node.opType === 'Attention' ? standardAttention(view, index) : null;
	}
	if (node.domain !== MICROSOFT) return null;
	if (node.opType === 'GroupQueryAttention') return groupQueryAttention(view, index);
	if (node.opType === 'MultiHeadAttention') return multiHeadAttention(view, index);
	if (node.opType === 'Attention') return projectingAttention(view, index);
	const reason = UNSUPPORTED[node.opType];
	return reason === undefined ? null : unsupported(node, index, reason);
}

function groupQueryAttention(view: GraphView, index: number): Fused {
	const node = view.node(index);
	const heads = integerOf(node, 'num_heads');
	const kvHeads = integerOf(node, 'kv_num_heads');
	const window = integerOf(node, 'local_window_size') ?? -1;
	const values = valuesOf(node, { past: [3, 4], present: [1, 2] });
	const normed = GROUP_QUERY_NORMS.some((input) => given(node, input) !== null);
	return {
		...common(node, index, 'GroupQueryAttention'),
		heads,
		kvHeads,
		headDim: cacheWidth(view, values) ?? projectedWidth(view, values, heads, kvHeads),
		window: window > 0 ? window : null,
		probabilities: normed
			? none('inputs 14 and 15 hold norms of q and k, which the CPU kernel refuses')
			: { how: 'output', attribute: GROUP_QUERY_TAP },
		values,
		packed: values.key === null,
		sharing: normed
			? { possible: false, reason: 'onnxruntime cannot run the node on the CPU' }
			: { possible: true, lost: SHARED_LOSS }
	};
}

function multiHeadAttention(view: GraphView, index: number): Fused {
	const node = view.node(index);
	const heads = integerOf(node, 'num_heads');
	const values = valuesOf(node, { past: [6, 7], present: [1, 2] });
	const packed = values.key === null || values.value === null;
	const width = packed ? null : projectedWidth(view, values, heads, heads);
	const biased = given(node, 3) !== null;
	return {
		...common(node, index, 'MultiHeadAttention'),
		heads,
		kvHeads: heads,
		headDim: cacheWidth(view, values) ?? width,
		probabilities: { how: 'scores' },
		values,
		packed,
		sharing:
			packed || biased
				? { possible: false, reason: `${packed ? 'q, k and v' : 'their biases'} come in one input` }
				: { possible: true, lost: SHARED_LOSS }
	};
}

function standardAttention(view: GraphView, index: number): Fused {
	const node = view.node(index);
	const values = valuesOf(node, { past: [4, 5], present: [1, 2] });
	const split = (input: string | null) =>
		input === null || rankOf(view, input) !== 4 ? null : headsOf(view, input);
	const source = (input: string | null) => (input === null ? null : beforeRepeat(view, input));
	return {
		...common(node, index, 'Attention'),
		heads: integerOf(node, 'q_num_heads') ?? split(values.query)?.heads ?? null,
		kvHeads: integerOf(node, 'kv_num_heads') ?? split(source(values.key))?.heads ?? null,
		headDim: cacheWidth(view, values) ?? split(values.query)?.headDim ?? null,
		probabilities: { how: 'output', attribute: STANDARD_TAP },
		values,
		sharing: { possible: true, lost: SHARED_LOSS }
	};
}

function projectingAttention(view: GraphView, index: number): Fused {
	const node = view.node(index);
	const parts = contribAttention(view, node);
	if (typeof parts === 'string') return unsupported(node, index, parts);
	const { heads, sizes, input, past, present } = parts;
	const cache = { pastValue: past, presentValue: present };
	return {
		...common(node, index, 'contribAttention'),
		heads,
		kvHeads: heads,
		headDim: sizes[0] / heads,
		probabilities: { how: 'written' },
		values: { query: input, key: null, value: null, pastKey: null, presentKey: null, ...cache },
		packed: true,
		sharing: { possible: true, lost: 'q and k projections, scores, softmax and k cache' }
	};
}

function unsupported(node: NodeProto, index: number, reason: string): Fused {
	return {
		...common(node, index, 'unsupported'),
		heads: integerOf(node, 'num_heads'),
		probabilities: none(reason),
		sharing: { possible: false, reason }
	};
}

function common(node: NodeProto, index: number, form: AttentionForm): Fused {
	return {
		form,
		node: index,
		name: node.name === '' ? `node ${index}` : node.name,
		operator: node.domain === MICROSOFT ? `${MICROSOFT}.${node.opType}` : node.opType,
		heads: null,
		kvHeads: null,
		headDim: null,
		window: null,
		probabilities: none('not known'),
		product: null,
		scores: null,
		values: valuesOf(null, { past: [0, 0], present: [0, 0] }),
		packed: false,
		sharing: { possible: false, reason: 'not known' }
	};
}

function none(reason: string): Probabilities {
	return { how: 'none', reason };
}

/** Names of what a node takes and makes: q, k and v first, the cache where `places` has it. */
function valuesOf(
	node: NodeProto | null,
	places: { past: [number, number]; present: [number, number] }
): AttentionValues {
	const made = (output: number): string | null => node?.output[output] || null;
	const input = (place: number): string | null => (node === null ? null : given(node, place));
	return {
		query: input(0),
		key: input(1),
		value: input(2),
		pastKey: input(places.past[0]),
		pastValue: input(places.past[1]),
		presentKey: made(places.present[0]),
		presentValue: made(places.present[1])
	};
}

/** An input of a node; optional ones are left out by an empty name. */
function given(node: NodeProto, place: number): string | null {
	return node.input[place] || null;
}

/** Width of a head, from the projection of the values, or of q, k and v side by side. */
function projectedWidth(
	view: GraphView,
	{ query, key, value }: AttentionValues,
	heads: number | null,
	kvHeads: number | null
): number | null {
	if (value !== null) {
		// In heads already, [B, heads, S, width], it is no projection.
		return rankOf(view, value) === 4 ? null : widthOf(columnsOf(view, value), kvHeads);
	}
	if (query === null || key !== null || heads === null || kvHeads === null) return null;
	return widthOf(columnsOf(view, query), heads + 2 * kvHeads);
}

/** Width of a head, from a cache [B, heads, past, width]. */
function cacheWidth(view: GraphView, { pastKey, presentKey }: AttentionValues): number | null {
	for (const name of [pastKey, presentKey]) {
		const width = name === null ? null : view.shape(name)?.[3];
		if (typeof width === 'number' && width > 0) return width;
	}
	return null;
}
