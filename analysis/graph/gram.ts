import { GraphBuilder } from '../proto/builder.ts';

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
