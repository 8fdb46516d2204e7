import { InputError } from '../errors.ts';
import { attributeOf, type GraphView } from '../model/onnx/graphView.ts';
import type { GraphRewrite } from './rewrite.ts';
import type { AttentionLayer } from '../model/onnx/types.ts';

/** Operators that add two values and norm the sum; their norms without the sum. */
const SKIP_NORMS: Partial<Record<string, string>> = {
	SkipLayerNormalization: 'LayerNormalization',
	SkipSimplifiedLayerNormalization: 'SimplifiedLayerNormalization'
};
/** Place of the sum among their outputs, and what onnxruntime adds to a variance where no attribute says. */
const SUM_OUTPUT = 3;
const SKIP_NORM_EPSILON = 1e-12;

/** Operators of which only the first input is data; the others say shapes, places or axes. */
const SHAPED = [
	'Reshape',
	'Expand',
	'Slice',
	'Squeeze',
	'Unsqueeze',
	'Gather',
	'Split',
	'Transpose'
];
/** Operators whose output is zero where one of its inputs is. */
const PRODUCTS = ['Mul', 'MatMul', 'FusedMatMul', 'Div', 'Where'];
const MEASURES = ['Shape', 'Size'];

/**
 * Drops a layer's attention block, output projection and its bias included: where what it puts out is added
 * to what goes past it, only the latter is left. Throws InputError where there is no such place, or several.
 */
export function dropAttention(rewrite: GraphRewrite, attention: AttentionLayer): void {
	const { view, prefix } = rewrite;
	const { joined, derived } = whereJoined(view, attention);
	const node = view.node(joined);
	const [past] = node.input.slice(0, 2).filter((input) => !derived.has(input));
	const graph = rewrite.builder();
	const name = `${prefix}layer.${attention.layer}`;
	const norm = SKIP_NORMS[node.opType];
	if (norm === undefined) {
		graph.node(`${name}.past`, 'Identity', [past], { outputs: [node.output[0]] });
	} else {
		const sum = node.output[SUM_OUTPUT];
		if (sum) graph.node(`${name}.past`, 'Identity', [past], { outputs: [sum] });
		const beta = norm === 'LayerNormalization' ? node.input.slice(3, 4) : [];
		const epsilon = attributeOf(node, 'epsilon')?.f ?? SKIP_NORM_EPSILON;
		graph.node(
			`${name}.norm`,
			norm,
			[past, node.input[2], ...beta.filter((input) => input !== '')],
			{
				outputs: [node.output[0]],
				attributes: { axis: -1n, epsilon }
			}
		);
	}
	rewrite.replace(joined, graph);
}

/** The value that a layer's attention is, heads and all, before the output projection. */
export function attendedValue(view: GraphView, { product, node }: AttentionLayer): string {
	return view.node(product ?? node).output[0];
}

/**
 * The node that adds what a layer's attention block puts out to what goes past it, and every value that is made of
 * the attention alone.
 */
export function whereJoined(
	view: GraphView,
	attention: AttentionLayer
): { joined: number; derived: Set<string> } {
	const derived = new Set([attendedValue(view, attention)]);
	const joined: number[] = [];
	const constants = new Map<string, boolean>();
	for (const index of view.topologicalOrder()) {
		const { opType, input, output } = view.node(index);
		if (MEASURES.includes(opType)) continue;
		const data = SHAPED.includes(opType) ? input.slice(0, 1) : input;
		if (!data.some((name) => derived.has(name))) continue;
		const foreign = data.filter(
			(name) => name !== '' && !derived.has(name) && !isConstant(view, name, constants)
		);
		if (foreign.length === 0 || PRODUCTS.includes(opType)) {
			for (const name of output) if (name !== '') derived.add(name);
		} else if (opType === 'Add' || opType in SKIP_NORMS) joined.push(index);
		else throw notRemovable(attention, `it goes into ${opType} ${view.node(index).name}`);
	}
	if (joined.length !== 1) {
		throw notRemovable(attention, `it is added in ${joined.length} places; expected one`);
	}
	return { joined: joined[0], derived };
}

/** Tests if a value is made of initializers and constants alone. */
function isConstant(view: GraphView, value: string, known: Map<string, boolean>): boolean {
	const before = known.get(value);
	if (before !== undefined) return before;
	const node = view.producerNode(value);
	const constant =
		node === null
			? view.initializer(value) !== null
			: node.input.every((input) => input === '' || isConstant(view, input, known));
	known.set(value, constant);
	return constant;
}

function notRemovable({ layer, operator, name }: AttentionLayer, reason: string): InputError {
	return new InputError(`layer ${layer}: ${operator} ${name} cannot be removed: ${reason}`);
}
