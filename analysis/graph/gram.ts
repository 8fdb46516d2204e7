import { FLOAT, GraphBuilder } from '../proto/builder.ts';

/** One matrix product: values X [rows, width] → gram X·Xᵀ [rows, rows]. Both sizes are free. */
export function gramGraph(): Uint8Array {
	const builder = new GraphBuilder('gram');
	const values = builder.input('values', ['rows', 'width']);
	builder.node('gram/Gemm', 'Gemm', [values, values], {
		outputs: ['gram'],
		attributes: { transB: 1n }
	});
	builder.output('gram', ['rows', 'rows']);
	return builder.build();
}

/** The product of two groups of rows for a GPU: first [a, width], second [b, width] → gram [a, b], in `parts` parts. */
export function splitGramGraph(parts: number): Uint8Array {
	const builder = new GraphBuilder('splitGram');
	const sides = ['first', 'second'].map((side) =>
		addSides(builder, builder.input(side, [`rows of ${side}`, 'width'], FLOAT), parts, side)
	);
	const product = addSplitProduct(builder, sides[0], sides[1], 'product');
	builder.node('gram', 'Identity', [product], { outputs: ['gram'] });
	builder.output('gram', ['rows of first', 'rows of second']);
	return builder.build();
}

/** Rows in parts, as either side of a product: [parts, rows, width / parts] and [parts, width / parts, rows]. */
export interface ProductSides {
	left: string;
	right: string;
}

/** Lays out rows [rows, width] for `addSplitProduct`; `parts` divides the width. */
export function addSides(
	builder: GraphBuilder,
	rows: string,
	parts: number,
	name: string
): ProductSides {
	const cube = builder.node(`${name}/Parts`, 'Reshape', [rows, builder.integers(0, parts, -1)]);
	return {
		left: builder.node(`${name}/Left`, 'Transpose', [cube], { attributes: { perm: [1n, 0n, 2n] } }),
		right: builder.node(`${name}/Right`, 'Transpose', [cube], {
			attributes: { perm: [1n, 2n, 0n] }
		})
	};
}

/**
 * X·Yᵀ as a sum of products over parts of the width. As one product it would keep few of a GPU's units busy: its result is
 * small and what it adds up is long.
 */
export function addSplitProduct(
	builder: GraphBuilder,
	one: ProductSides,
	other: ProductSides,
	name: string
): string {
	const products = builder.node(`${name}/Products`, 'MatMul', [one.left, other.right]);
	return builder.node(name, 'ReduceSum', [products, builder.integers(0)], {
		attributes: { keepdims: 0n }
	});
}

/** Parts of a block's product on a GPU: the least divisor of its queries from this many on. */
const FEWEST_PARTS = 16;

/** Returns the number of parts that the product over a block of queries is cut into: a divisor of them, at least 1. */
export function partsOf(queryCount: number): number {
	for (let parts = Math.min(FEWEST_PARTS, queryCount); parts < queryCount; parts++)
		if (queryCount % parts === 0) return parts;
	return queryCount;
}
