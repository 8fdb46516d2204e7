import { integerOf, type GraphView } from './graphView.ts';

/** A product of hidden states and one weight for q, k and v side by side, with or without biases. Nodes by index. */
export interface PackedProduct {
	product: number;
	/** The Add of biases. */
	sum: number | null;
	/** Columns of the product, which is as wide as q, k and v together. */
	columns: number;
	/** The weight [in, columns]; null: it is the other way round or quantized, and all tensors go by column. */
	weight: string | null;
	/** Tensors whose first dimension goes by column: quantized weights, their scales and zero points, biases. */
	byColumn: string[];
}

/** Inputs of MatMulNBits that go by column: packed weights, scales, zero points, bias. */
const BY_COLUMN = [1, 2, 3, 5];

/** The product that a value is, where nothing else takes it and its weights are initializers; null: it is none. */
export function packedProduct(view: GraphView, value: string): PackedProduct | null {
	const made = onlyTaken(view, value);
	if (made === null) return null;
	const node = view.node(made);
	if (node.opType !== 'Add') return productOf(view, made);
	const bias = node.input.find((input) => view.constant(input)?.dims.length === 1);
	const summed = node.input.find((input) => input !== bias);
	if (bias === undefined || summed === undefined) return null;
	const inner = onlyTaken(view, summed);
	const product = inner === null ? null : productOf(view, inner);
	if (product === null) return null;
	return { ...product, sum: made, byColumn: [...product.byColumn, bias] };
}

function productOf(view: GraphView, index: number): PackedProduct | null {
	const node = view.node(index);
	const { opType, input } = node;
	if (opType === 'MatMulNBits') {
		const columns = integerOf(node, 'N');
		const byColumn = BY_COLUMN.flatMap((at) => input[at] || []);
		return columns === null ? null : { product: index, sum: null, columns, weight: null, byColumn };
	}
	const dims = opType === 'MatMul' || opType === 'Gemm' ? view.constant(input[1])?.dims : undefined;
	if (dims?.length !== 2 || integerOf(node, 'transA') === 1) return null;
	const turned = integerOf(node, 'transB') === 1;
	const bias = input[2] ? [input[2]] : [];
	return {
		product: index,
		sum: null,
		columns: Number(turned ? dims[0] : dims[1]),
		weight: turned ? null : input[1],
		byColumn: turned ? [input[1], ...bias] : bias
	};
}

/** Index of the node that makes a value which one other takes, and nobody else sees; null otherwise. */
function onlyTaken(view: GraphView, value: string): number | null {
	return view.consumers(value).length === 1 && !view.isOutput(value) ? view.producer(value) : null;
}
