import type { GraphView } from './graphView.ts';

/** What may stand between keys or values as they are used and as they are kept: repeats, layout, scale. */
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
		// The second input of these is a shape or axes; a Concat's are pieces, and products' are alike.
		const sides = ['Concat', 'Mul', 'Div'].includes(node.opType) ? node.input : [node.input[0]];
		for (const side of sides) seen.add(side);
	}
	return names;
}
