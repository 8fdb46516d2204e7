import type { NodeProto } from '../../proto/onnx_pb.ts';
import type { GraphView } from './graphView.ts';

/** Operators allowed between keys or values as used and as cached, for repeats, layout and scale. */
const BETWEEN = [
	'Transpose',
	'Reshape',
	'Expand',
	'Unsqueeze',
	'Squeeze',
	'Cast',
	'Identity',
	'Mul',
	'Div',
	'Concat'
];

/** Names of the graph's input and output that hold the cache of keys or values; null: there is none. */
export interface CacheNames {
	past: string | null;
	present: string | null;
}

/**
 * Finds the cache upstream of keys or values that are written out: where what came before is put in front of
 * what is new, the whole is an output of the graph.
 */
export function cacheNames(view: GraphView, value: string): CacheNames {
	const names: CacheNames = { past: null, present: null };
	const seen = new Set([value]);
	for (const each of seen) {
		if (view.isOutput(each)) names.present ??= each;
		if (view.isInput(each)) names.past ??= each;
		const node = view.producerNode(each);
		if (node === null || !BETWEEN.includes(node.opType)) continue;
		for (const side of dataOf(node)) seen.add(side);
	}
	return names;
}

/** Operators allowed between keys or values and the cache of both that they are taken from. */
const PARTS = [...BETWEEN, 'Gather', 'Split', 'Slice'];
/** Dimensions of keys and values in one: [2, B, heads, tokens, width]. */
const IN_ONE_RANK = 5;

/** Operators allowed between values and the output that holds them beside the keys. */
const TOGETHER = ['Unsqueeze', 'Reshape', 'Concat', 'Cast', 'Identity'];

/** Returns true if a value is an input of the graph that holds keys and values in one. */
export function isInOne(view: GraphView, value: string): boolean {
	return view.isInput(value) && view.shape(value)?.length === IN_ONE_RANK;
}

/**
 * The input of the graph that holds keys and values in one, upstream of values, and the output that holds them
 * afterwards; null: there is no such input.
 */
export function cacheInOne(
	view: GraphView,
	value: string
): { past: string; present: string | null } | null {
	const seen = new Set([value]);
	for (const each of seen) {
		if (isInOne(view, each)) {
			const present = [...seen].flatMap((above) => outputBelow(view, above) ?? []).at(0);
			return { past: each, present: present ?? null };
		}
		const node = view.producerNode(each);
		if (node === null || !PARTS.includes(node.opType)) continue;
		for (const side of dataOf(node)) seen.add(side);
	}
	return null;
}

/** Returns true if keys or values are made of `part`, their part of a cache, joined with the new ones. */
export function isMadeOf(view: GraphView, value: string, part: string): boolean {
	const seen = new Set([value]);
	for (const each of seen) {
		const node = view.producerNode(each);
		if (node === null || !BETWEEN.includes(node.opType)) continue;
		for (const side of dataOf(node)) seen.add(side);
	}
	return seen.has(part);
}

/** The output of the graph that a value goes into together with others; null: there is none. */
function outputBelow(view: GraphView, value: string): string | null {
	const seen = new Set([value]);
	for (const each of seen) {
		if (view.isOutput(each)) return each;
		for (const index of view.consumers(each)) {
			const { opType, output } = view.node(index);
			if (TOGETHER.includes(opType)) seen.add(output[0]);
		}
	}
	return null;
}

/** The second input of these nodes is a shape, places or axes; a Concat's are pieces, and products' are alike. */
function dataOf({ opType, input }: NodeProto): string[] {
	return ['Concat', 'Mul', 'Div'].includes(opType) ? input : input.slice(0, 1);
}
