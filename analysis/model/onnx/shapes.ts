import type { NodeProto } from '../../proto/onnx_pb.ts';
import { attributeOf, type GraphView } from './graphView.ts';

/** Operators whose output has its input's shape, or the shape of the larger of its inputs. */
const ELEMENT_WISE = ['Cast', 'Identity', 'Mul', 'Div', 'Add', 'Sub', 'Neg', 'Dropout'];
/** Operators whose output has its first input's rank. */
const SAME_RANK = ['Slice', 'Concat', 'Softmax'];
/** A graph deeper than this above a value tells nothing of its shape that is worth the way. */
const FARTHEST = 32;

/** Dimensions of a value, as far as they are declared or can be read from Reshape and Transpose; null: none known. */
export function rankOf(view: GraphView, value: string, steps = FARTHEST): number | null {
	const declared = view.shape(value);
	if (declared !== null) return declared.length;
	const node = view.producerNode(value);
	if (node === null || steps === 0) return null;
	const of = (input: string): number | null => rankOf(view, input, steps - 1);
	const { opType, input } = node;
	if (opType === 'Transpose') return attributeOf(node, 'perm')?.ints.length ?? of(input[0]);
	if (opType === 'Reshape') return targetSizes(view, input[1])?.length ?? null;
	if (opType === 'Expand') return targetSizes(view, input[1])?.length ?? of(input[0]);
	if (opType === 'Unsqueeze' || opType === 'Squeeze') {
		const rank = of(input[0]);
		const axes = attributeOf(node, 'axes')?.ints.length ?? view.integers(input[1] ?? '')?.length;
		if (rank === null || axes === undefined) return null;
		return opType === 'Unsqueeze' ? rank + axes : rank - axes;
	}
	if (SAME_RANK.includes(opType)) return of(input[0]);
	if (!ELEMENT_WISE.includes(opType)) return null;
	const ranks = input.map(of);
	return ranks.includes(null) ? null : Math.max(...ranks.map(Number));
}

/** Sizes [heads, headDim] of a value laid out as [B, heads, S, headDim] or its transpose; null: not to be told. */
export function headsOf(
	view: GraphView,
	value: string,
	steps = FARTHEST
): { heads: number | null; headDim: number | null } {
	const unknown: { heads: number | null; headDim: number | null } = { heads: null, headDim: null };
	const declared = view.shape(value);
	if (declared?.length === 4 && typeof declared[1] === 'number') {
		return { heads: declared[1], headDim: sizeOr(declared[3]) ?? null };
	}
	const node = view.producerNode(value);
	if (node === null || steps === 0) return unknown;
	const next = (input: string) => headsOf(view, input, steps - 1);
	if (node.opType === 'Transpose') return transposedHeads(view, node) ?? next(node.input[0]);
	if (node.opType === 'Reshape' || node.opType === 'Expand') {
		const sizes = targetSizes(view, node.input[1]);
		const heads = sizes?.length === 4 ? sizeOr(sizes[1]) : null;
		return heads === null ? unknown : { heads, headDim: sizeOr(sizes?.[3] ?? null) };
	}
	const through = [...ELEMENT_WISE, ...SAME_RANK].includes(node.opType);
	if (!through) return unknown;
	// Masks and rotary tables have one head, which serves all: the most that any input has is the number, and one
	// is none where another input's is not known.
	const found = node.input.filter((name) => view.constant(name) === null).map(next);
	const most = found.reduce(
		(most, each) => ((each.heads ?? 0) > (most.heads ?? 0) ? each : most),
		unknown
	);
	return most.heads === 1 && found.some(({ heads }) => heads === null) ? unknown : most;
}

/**
 * Keys or values before they were repeated for the query heads that share them: what an Expand between
 * Unsqueeze and Reshape was given; else the value itself.
 */
export function beforeRepeat(view: GraphView, value: string): string {
	const chain = ['Reshape', 'Expand', 'Unsqueeze'];
	let source = value;
	for (const opType of chain) {
		const node = view.producerNode(source);
		if (node?.opType !== opType) return value;
		source = node.input[0];
	}
	return source;
}

/** [B, S, heads, headDim] that was transposed to have heads before tokens. */
function transposedHeads(
	view: GraphView,
	node: NodeProto
): { heads: number | null; headDim: number | null } | null {
	const perm = attributeOf(node, 'perm')?.ints.map(Number).join();
	if (perm !== '0,2,1,3' && perm !== '0,2,3,1') return null;
	const declared = view.shape(node.input[0]);
	const reshape = view.producerNode(node.input[0]);
	const sizes =
		declared?.length === 4
			? declared
			: reshape?.opType === 'Reshape'
				? targetSizes(view, reshape.input[1])
				: null;
	if (sizes?.length !== 4) return null;
	return { heads: sizeOr(sizes[2]), headDim: sizeOr(sizes[3]) };
}

/** A size that is known: −1 and 0 stand for others in Reshape. */
function sizeOr(size: number | string | null): number | null {
	return typeof size === 'number' && size > 0 ? size : null;
}

/** Reads a shape's sizes if it is a constant or joined of constants and measured sizes (null); else null. */
function targetSizes(view: GraphView, shape: string): (number | null)[] | null {
	const constant = view.integers(shape);
	if (constant !== null) return constant;
	const node = view.producerNode(shape);
	if (node?.opType !== 'Concat') return null;
	return node.input.flatMap((piece) => view.integers(piece) ?? onePiece(view, piece));
}

/** A piece that is measured when the graph runs is one size, unless a Slice or Shape says otherwise. */
function onePiece(view: GraphView, piece: string): null[] {
	const declared = view.shape(piece)?.[0];
	return Array.from({ length: typeof declared === 'number' ? declared : 1 }, () => null);
}
