import type { NodeProto } from '../../proto/onnx_pb.ts';
import { integerOf, type GraphView } from './graphView.ts';
import { rankOf } from './shapes.ts';

/** Operators that multiply two values; the second is onnxruntime's, made when a graph is optimized ahead. */
const PRODUCTS = ['MatMul', 'FusedMatMul'];
/** Operators allowed between the scores and the softmax: scale, mask, soft cap, sinks. */
const BEFORE = ['Add', 'Mul', 'Div', 'Where', 'Cast', 'Slice', 'Tanh', 'Concat'];
/** Operators allowed between the softmax and the product with the values. */
const AFTER = ['Cast', 'Identity', 'Dropout'];

/** Attention that is written out: the softmax of scores, and what comes before and after it. */
export interface WrittenAttention {
	softmax: number;
	/** The value that the product with the values takes: the probabilities, behind every guard. */
	probabilities: string;
	product: number;
	scores: number;
}

/**
 * Recognises attention by its shape: a softmax over the last axis whose output reaches, through guards against
 * NaN, casts and the like only, the first input of exactly one product with a value of rank 4, and whose
 * input comes from a product. null: this softmax is none of attention's.
 */
export function writtenAttention(view: GraphView, softmax: number): WrittenAttention | null {
	const node = view.node(softmax);
	if (node.opType !== 'Softmax' || !lastAxis(view, node)) return null;
	const end = productAfter(view, node.output[0]);
	if (end === null) return null;
	const rank = rankOf(view, view.node(end.product).input[1]);
	if (rank !== null && rank !== 4) return null;
	const scores = productBefore(view, node.input[0]);
	return scores === null ? null : { softmax, ...end, scores };
}

function lastAxis(view: GraphView, node: NodeProto): boolean {
	const axis = integerOf(node, 'axis');
	// Left out, it is −1 since opset 13 and was 1 before.
	if (axis === null || axis === -1) return true;
	const rank = rankOf(view, node.input[0]);
	return axis === 3 && (rank === null || rank === 4);
}

/** Follows a softmax's output to the one product it goes into. */
function productAfter(
	view: GraphView,
	output: string
): { product: number; probabilities: string } | null {
	const found = new Map<number, string>();
	const open = [output];
	for (let value = open.pop(); value !== undefined; value = open.pop()) {
		for (const consumer of view.consumers(value)) {
			const { opType, input, output: outputs } = view.node(consumer);
			const guarding = opType === 'Where' && input[0] !== value && isGuard(view, input[0], value);
			if (guarding || AFTER.includes(opType)) open.push(outputs[0]);
			else if (PRODUCTS.includes(opType) && input[0] === value) found.set(consumer, value);
			else if (opType !== 'IsNaN') return null;
		}
	}
	if (found.size !== 1) return null;
	const [[product, probabilities]] = found;
	return { product, probabilities };
}

/** Returns true if a condition is IsNaN of that value. */
function isGuard(view: GraphView, condition: string, value: string): boolean {
	const node = view.producerNode(condition);
	return node?.opType === 'IsNaN' && node.input[0] === value;
}

/** The product that a softmax's scores come from: the nearest one upstream. */
function productBefore(view: GraphView, input: string): number | null {
	const seen = new Set([input]);
	for (const value of seen) {
		const index = view.producer(value);
		if (index === null) continue;
		const node = view.node(index);
		if (PRODUCTS.includes(node.opType)) return index;
		if (BEFORE.includes(node.opType)) for (const each of node.input) seen.add(each);
	}
	return null;
}
