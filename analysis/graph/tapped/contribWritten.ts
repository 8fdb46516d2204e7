import { FLOAT, type GraphBuilder } from '../../proto/builder.ts';
import type { ContribAttention } from '../../model/onnx/contribAttention.ts';

/** Least float32; onnxruntime adds it to a score where a later token is hidden. */
const LEAST = -3.4028234663852886e38;
/** [B, S, heads, width] and [B, heads, S, width], one from the other; and keys turned for their product. */
const SWAP_HEADS_AND_TOKENS = [0n, 2n, 1n, 3n];
const TURN_KEYS = [0n, 1n, 3n, 2n];
/** Axes of [B, S, columns] and of [B, heads, S, width]. */
const COLUMNS = 2;
const TOKENS = 2n;

/**
 * Writes the attention of a com.microsoft Attention out in standard operators, of any opset from 11, and puts out
 * what the node did, under the same names. Scores are masked and softmaxed in float32, as the CPU kernel does. Name of
 * the probabilities [B, H, S, keys], in the node's own type.
 */
export function writeOut(graph: GraphBuilder, name: string, node: ContribAttention): string {
	const { heads, sizes, past, present } = node;
	const [q, k] = sizes;
	const all = projected(graph, name, node, node.weight, node.bias);
	const bounds = [0, q, q + k, q + k + sizes[2]];
	const [query, newKey, newValue] = ['q', 'k', 'v'].map((role, at) => {
		const part = sliced(graph, `${name}.${role}`, all, bounds[at], bounds[at + 1]);
		return inHeads(graph, `${name}.${role}`, part, heads);
	});
	const behind = (role: string, at: number, fresh: string): string =>
		past === null
			? fresh
			: graph.node(`${name}.${role}.cache`, 'Concat', [kept(graph, name, past, at), fresh], {
					attributes: { axis: TOKENS }
				});
	const [key, value] = [behind('k', 0, newKey), behind('v', 1, newValue)];
	if (present !== null) exposeCache(graph, name, [key, value], present);
	const turned = graph.node(`${name}.k.turn`, 'Transpose', [key], {
		attributes: { perm: TURN_KEYS }
	});
	const product = graph.node(`${name}.product`, 'MatMul', [query, turned]);
	const scaled = graph.node(`${name}.scale`, 'Mul', [
		wide(graph, `${name}.product`, product, node),
		graph.scalar(node.scale)
	]);
	const masked = hide(graph, name, scaled, { query, key }, node);
	const softmax = graph.node(`${name}.softmax`, 'Softmax', [masked], { attributes: { axis: -1n } });
	const probabilities =
		node.elementType === FLOAT
			? softmax
			: graph.node(`${name}.probabilities`, 'Cast', [softmax], {
					attributes: { to: BigInt(node.elementType) }
				});
	const mixed = graph.node(`${name}.mix`, 'MatMul', [probabilities, value]);
	joinHeads(graph, name, mixed, node.output);
	return probabilities;
}

/** Hidden states times a weight, plus biases: [B, S, columns]. */
export function projected(
	graph: GraphBuilder,
	name: string,
	{ input }: ContribAttention,
	weight: string,
	bias: string
): string {
	const product = graph.node(`${name}.qkv`, 'MatMul', [input, weight]);
	return graph.node(`${name}.qkv.bias`, 'Add', [product, bias]);
}

/** Columns from `start` to `end` of [B, S, columns]. */
export function sliced(
	graph: GraphBuilder,
	name: string,
	value: string,
	start: number,
	end: number
): string {
	const bounds = [graph.integers(start), graph.integers(end), graph.integers(COLUMNS)];
	return graph.node(`${name}.columns`, 'Slice', [value, ...bounds]);
}

/** [B, S, heads · width] as [B, heads, S, width]. */
export function inHeads(graph: GraphBuilder, name: string, value: string, heads: number): string {
	const split = graph.node(`${name}.split`, 'Reshape', [value, graph.integers(0, 0, heads, -1)]);
	return graph.node(`${name}.heads`, 'Transpose', [split], {
		attributes: { perm: SWAP_HEADS_AND_TOKENS }
	});
}

/** [B, heads, S, width] as the value `output` [B, S, heads · width]. */
export function joinHeads(graph: GraphBuilder, name: string, mixed: string, output: string): void {
	const tokens = graph.node(`${name}.tokens`, 'Transpose', [mixed], {
		attributes: { perm: SWAP_HEADS_AND_TOKENS }
	});
	graph.node(`${name}.join`, 'Reshape', [tokens, graph.integers(0, 0, -1)], { outputs: [output] });
}

/** One part [B, heads, past, width] of a cache [parts, B, heads, past, width]. */
export function kept(graph: GraphBuilder, name: string, past: string, part: number): string {
	const at = graph.constant(`${name}.part.${part}`, [BigInt(part)], []);
	return graph.node(`${name}.past.${part}`, 'Gather', [past, at], { attributes: { axis: 0n } });
}

/** Exposes parts [B, heads, keys, width] as a cache [parts, B, heads, keys, width]. */
export function exposeCache(
	graph: GraphBuilder,
	name: string,
	parts: readonly string[],
	present: string
): void {
	// An Unsqueeze takes its axes otherwise from opset 13 on; a Reshape does not change.
	const shape = graph.node(`${name}.present.part`, 'Shape', [parts[0]]);
	const first = { attributes: { axis: 0n } };
	const whole = graph.node(
		`${name}.present.shape`,
		'Concat',
		[graph.integers(parts.length), shape],
		first
	);
	const together =
		parts.length === 1
			? parts[0]
			: graph.node(`${name}.present.parts`, 'Concat', [...parts], first);
	graph.node(`${name}.present`, 'Reshape', [together, whole], { outputs: [present] });
}

/** Scores [B, H, S, keys] with what hides keys added, in the order of onnxruntime's CPU kernel. */
function hide(
	graph: GraphBuilder,
	name: string,
	scores: string,
	{ query, key }: { query: string; key: string },
	node: ContribAttention
): string {
	const { causal, mask, attentionBias } = node;
	const queries = sizeAt(graph, `${name}.queries`, query);
	let hidden: string | null = mask === null ? null : masking(graph, name, mask, queries, node);
	if (causal) {
		const later = laterKeys(graph, name, queries, sizeAt(graph, `${name}.keys`, key));
		const others = hidden ?? graph.scalar(0);
		hidden = graph.node(`${name}.causal`, 'Where', [later, graph.scalar(LEAST), others]);
	}
	const masked = hidden === null ? scores : graph.node(`${name}.masked`, 'Add', [scores, hidden]);
	if (attentionBias === null) return masked;
	const bias = wide(graph, `${name}.bias`, attentionBias, node);
	return graph.node(`${name}.biased`, 'Add', [masked, bias]);
}

/** Number of tokens of [B, heads, tokens, width], int64 [1]. */
function sizeAt(graph: GraphBuilder, name: string, value: string): string {
	const shape = graph.node(`${name}.shape`, 'Shape', [value]);
	const bounds = [Number(TOKENS), Number(TOKENS) + 1, 0].map((each) => graph.integers(each));
	return graph.node(name, 'Slice', [shape, ...bounds]);
}

/** 0 where the mask shows a key, the node's own value where it hides one: [B, 1, 1 or S, keys]. */
function masking(
	graph: GraphBuilder,
	name: string,
	mask: { name: string; rank: 2 | 3 },
	queries: string,
	{ hidden }: ContribAttention
): string {
	const to = { attributes: { to: BigInt(FLOAT) } };
	const numbers = graph.node(`${name}.mask.numbers`, 'Cast', [mask.name], to);
	const rows = mask.rank === 2 ? graph.integers(1) : queries;
	const shape = graph.node(
		`${name}.mask.shape`,
		'Concat',
		[graph.integers(0, 1), rows, graph.integers(-1)],
		{ attributes: { axis: 0n } }
	);
	const apart = graph.node(`${name}.mask.apart`, 'Reshape', [numbers, shape]);
	const shown = graph.node(`${name}.mask.shown`, 'Greater', [apart, graph.scalar(0)]);
	return graph.node(`${name}.mask`, 'Where', [shown, graph.scalar(0), graph.scalar(hidden)]);
}

/** Adds bools [S, keys], true where a key is later than a query; the queries are the last of the keys. */
function laterKeys(graph: GraphBuilder, name: string, queries: string, keys: string): string {
	const scalar = (role: string, value: string): string =>
		graph.node(`${name}.${role}`, 'Reshape', [value, graph.constant(`${name}.none`, [], [0])]);
	const [count, own] = [scalar('keys.count', keys), scalar('queries.count', queries)];
	const [zero, one] = [0n, 1n].map((value) =>
		graph.constant(`${name}.scalar.${value}`, [value], [])
	);
	const first = graph.node(`${name}.first`, 'Sub', [count, own]);
	const places = graph.node(`${name}.places`, 'Range', [first, count, one]);
	const rows = graph.node(`${name}.rows`, 'Reshape', [places, graph.integers(-1, 1)]);
	const columns = graph.node(`${name}.columns`, 'Range', [zero, count, one]);
	return graph.node(`${name}.later`, 'Greater', [columns, rows]);
}

function wide(
	graph: GraphBuilder,
	name: string,
	value: string,
	{ elementType }: ContribAttention
): string {
	if (elementType === FLOAT) return value;
	return graph.node(`${name}.float32`, 'Cast', [value], { attributes: { to: BigInt(FLOAT) } });
}
