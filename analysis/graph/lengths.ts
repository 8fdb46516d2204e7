import { GraphBuilder, INT64 } from '../proto/builder.ts';

/** In [B, KV, tokens, D]. */
const AXIS_OF_TOKENS = 2n;
const TO_INT64 = { attributes: { to: BigInt(INT64) } };

/** Lengths of the sequences of a batch, from the inputs of GroupQueryAttention. */
export interface SequenceLengths {
	/** int64 [B, 1, 1, 1]: keys that each sequence has, its new tokens included. */
	counts: string;
	/** bool scalar: whether each has as many as the longest, so that nothing is padded. */
	equal: string;
}

/** Operands and outputs of the product that a follower of GroupQueryAttention takes. */
export interface FollowerValues {
	/** The source's probabilities, [B, KV, rows, T]. */
	probabilities: string;
	/** Values before the new tokens, [B, KV, P, D]; null: the graph has no cache. */
	past: string | null;
	/** Values of the new tokens, [B, KV, S, D]. */
	fresh: string;
	kvHeads: number;
	/** TensorProto.DataType of all three. */
	elementType: number;
	/** Names for what is made: values with those of the new tokens, [B, KV, T, D]; the product, [B, KV, rows, D]. */
	present: string;
	mixed: string;
}

/** Reads off each sequence's keys, int64 [B, 1, 1, 1], from its keys less one, int32 [B] or [B, 1] (seqlens_k). */
export function keyCounts(graph: GraphBuilder, at: string, lastTokens: string): string {
	const last = graph.node(`${at}/Last`, 'Cast', [lastTokens], TO_INT64);
	const keys = graph.node(`${at}/Keys`, 'Add', [last, graph.integers(1)]);
	return graph.node(`${at}/Counts`, 'Reshape', [keys, graph.integers(-1, 1, 1, 1)]);
}

/** Tells whether all sequences have as many keys as the longest, whose int32 is of one element (total_sequence_length). */
export function areEqual(graph: GraphBuilder, at: string, counts: string, total: string): string {
	const attributes = { keepdims: 0n };
	const fewest = graph.node(`${at}/Fewest`, 'ReduceMin', [counts], { attributes });
	const most = graph.node(`${at}/Most`, 'Cast', [total], TO_INT64);
	const scalar = graph.node(`${at}/MostScalar`, 'Squeeze', [most]);
	return graph.node(`${at}/Equal`, 'Equal', [fewest, scalar]);
}

/**
 * Multiplies a source's probabilities with a follower's values, and puts these out with the cache. GroupQueryAttention
 * keeps a sequence's keys from its cache's start on, so that in a batch of unlike lengths, padded on the right, a new
 * key lands on the padding of the shorter ones; values must lie alike. What the operator leaves beyond a sequence's
 * keys, in probabilities and in states of padded tokens, is not defined and is taken for 0. Where all sequences are
 * equally long, values are appended and multiplied, and nothing more.
 */
export function mixByLengths(
	graph: GraphBuilder,
	at: string,
	{ counts, equal }: SequenceLengths,
	values: FollowerValues
): void {
	const { present, mixed, elementType } = values;
	const branches = [appended(at, values), placed(at, values, counts)];
	const [then_branch, else_branch] = branches.map(({ branch, outputs }) =>
		branch.branch(outputs, elementType)
	);
	graph.node(at, 'If', [equal], {
		outputs: [present, mixed],
		attributes: { then_branch, else_branch }
	});
}

interface Branch {
	branch: GraphBuilder;
	outputs: string[];
}

/** New values behind those of the cache. */
function appended(at: string, { probabilities, past, fresh }: FollowerValues): Branch {
	const branch = new GraphBuilder('equal', `${at}/equal/`);
	const present = appendedTo(branch, `${at}/equal/Values`, past, fresh);
	const mixed = branch.node(`${at}/equal/Mix`, 'MatMul', [probabilities, present]);
	return { branch, outputs: [present, mixed] };
}

/** New values where each sequence's own end is. */
function placed(at: string, values: FollowerValues, counts: string): Branch {
	const { probabilities, past, fresh, elementType } = values;
	const name = `${at}/unlike`;
	const branch = new GraphBuilder('unlike', `${name}/`);
	const zero = branch.node(`${name}/Zero`, 'Cast', [branch.scalar(0)], {
		attributes: { to: BigInt(elementType) }
	});
	const places = placesOf(branch, name, sizeOf(branch, `${name}/Tokens`, fresh, 2), counts);
	const real = branch.node(`${name}/Real`, 'Less', [places, counts]); // [B, 1, S, 1]
	const clean = branch.node(`${name}/Clean`, 'Where', [real, fresh, zero]);
	const behind = appendedTo(branch, `${name}/Values`, past, clean);
	const present =
		past === null
			? behind
			: branch.node(`${name}/Placed`, 'ScatterND', [
					behind,
					indicesOf(branch, name, places, values),
					clean
				]);
	const keys = range(branch, `${name}/Key`, sizeOf(branch, `${name}/Total`, probabilities, 3)); // [T]
	const there = branch.node(`${name}/There`, 'Less', [keys, counts]); // [B, 1, 1, T]
	const known = branch.node(`${name}/Known`, 'Where', [there, probabilities, zero]);
	const mixed = branch.node(`${name}/Mix`, 'MatMul', [known, present]);
	return { branch, outputs: [present, mixed] };
}

/** Places of new tokens in the cache, int64 [B, 1, S, 1]: each sequence's own end and what follows it. */
function placesOf(branch: GraphBuilder, name: string, tokens: string, counts: string): string {
	const before = branch.node(`${name}/Before`, 'Sub', [counts, tokens]);
	// A prompt that is shorter than its batch begins at 0 all the same.
	const begin = branch.node(`${name}/Begin`, 'Max', [before, branch.integers(0)]);
	const steps = branch.node(`${name}/Steps`, 'Reshape', [
		range(branch, `${name}/New`, tokens),
		branch.integers(1, 1, -1, 1)
	]);
	return branch.node(`${name}/Places`, 'Add', [begin, steps]);
}

/** Indices [B, KV, S, 3], as ScatterND takes them, of places [B, 1, S, 1] in a cache [B, KV, T, D]. */
function indicesOf(
	branch: GraphBuilder,
	name: string,
	places: string,
	{ fresh, kvHeads }: FollowerValues
): string {
	const [batch, tokens] = [0, 2].map((axis) => sizeOf(branch, `${name}/Fresh${axis}`, fresh, axis));
	const dims = branch.node(
		`${name}/Dims`,
		'Concat',
		[batch, branch.integers(kvHeads), tokens, branch.integers(1)],
		{ attributes: { axis: 0n } }
	);
	const sequences = branch.node(`${name}/Sequences`, 'Reshape', [
		range(branch, `${name}/Sequence`, batch),
		branch.integers(-1, 1, 1, 1)
	]);
	const allHeads = Array.from({ length: kvHeads }, (_, head) => BigInt(head));
	const heads = branch.constant(`${name}/heads`, allHeads, [1, kvHeads, 1, 1]);
	const columns = [sequences, heads, places].map((column, at) =>
		branch.node(`${name}/Column${at}`, 'Expand', [column, dims])
	);
	return branch.node(`${name}/Indices`, 'Concat', columns, { attributes: { axis: -1n } });
}

/** Values behind those of the cache; where there is none, themselves. */
function appendedTo(
	branch: GraphBuilder,
	name: string,
	past: string | null,
	values: string
): string {
	if (past === null) return branch.node(name, 'Identity', [values]);
	return branch.node(name, 'Concat', [past, values], { attributes: { axis: AXIS_OF_TOKENS } });
}

/** A dimension of a value, int64 [1]. */
function sizeOf(branch: GraphBuilder, name: string, value: string, axis: number): string {
	const shape = branch.node(`${name}/Shape`, 'Shape', [value]);
	return branch.node(`${name}/Size`, 'Gather', [shape, branch.integers(axis)]);
}

/** 0 … count − 1 of an int64 [1]. */
function range(branch: GraphBuilder, name: string, count: string): string {
	const scalar = branch.node(`${name}/Count`, 'Squeeze', [count]);
	const zero = branch.constant(`${name}/zero`, [0n], []);
	const one = branch.constant(`${name}/one`, [1n], []);
	return branch.node(`${name}/Range`, 'Range', [zero, scalar, one]);
}
