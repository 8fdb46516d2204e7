import { integerOf, type GraphView } from './graphView.ts';

/** Operators that leave the number of columns as it is. */
const THROUGH = ['Cast', 'Identity', 'Add'];
/** Operators between a projection and what takes it. */
const LONGEST_WAY = 8;

/** Columns of a projection that makes a value, from its weight or its biases; null: not to be told. */
export function columnsOf(view: GraphView, value: string, steps = LONGEST_WAY): number | null {
	const declared = view.shape(value)?.at(-1);
	if (typeof declared === 'number' && declared > 0) return declared;
	const node = view.producerNode(value);
	if (node === null || steps === 0) return null;
	const { opType, input } = node;
	if (opType === 'MatMulNBits') return integerOf(node, 'N');
	if (opType === 'MatMul' || opType === 'Gemm') {
		const weight = view.constant(input[1])?.dims.map(Number);
		return weight?.length !== 2 ? null : weight[integerOf(node, 'transB') === 1 ? 0 : 1];
	}
	if (!THROUGH.includes(opType)) return null;
	const biases = input.map((each) => view.constant(each)?.dims.map(Number));
	const bias = biases.find((dims) => dims?.length === 1 && dims[0] > 1);
	if (bias !== undefined) return bias[0];
	return input
		.filter((each) => view.constant(each) === null)
		.reduce<number | null>((known, each) => known ?? columnsOf(view, each, steps - 1), null);
}

/** Columns of [.., heads · width] by heads, where they go into as many; null: not to be told. */
export function widthOf(columns: number | null, heads: number | null): number | null {
	if (columns === null || heads === null || heads < 1 || columns % heads !== 0) return null;
	return columns / heads;
}
