import { FLOAT, type GraphBuilder } from '../proto/builder.ts';

/** TensorProto.DataType. */
const DOUBLE = 11n;

/**
 * Adds what the log-sum-exp of each row of `logits` [rows, columns] is made of: `<name>_highest`, its highest logit, and
 * `<name>_sum`, Σ e^(logit − highest), float32 [rows] each. The terms are added up as float64: onnxruntime's float32
 * ReduceLogSumExp adds one after the other, so that of a large vocabulary small terms are lost (1.5e-4 of 49,152). The
 * logarithm is taken outside, see capture/logSum.ts. Returns the logits less the highest and their exponentials, both
 * [rows, columns]. NaN and +∞ among the logits make the sum NaN.
 */
export function addLogSum(
	builder: GraphBuilder,
	name: string,
	logits: string
): { shifted: string; exponentials: string } {
	const highest = builder.node(`${name}/Highest`, 'ReduceMax', [logits, builder.integers(1)], {
		attributes: { keepdims: 1n }
	});
	const shifted = builder.node(`${name}/Shifted`, 'Sub', [logits, highest]);
	const exponentials = builder.node(`${name}/Exp`, 'Exp', [shifted]);
	builder.node(`${name}/FlatHighest`, 'Squeeze', [highest, builder.integers(1)], {
		outputs: [`${name}_highest`]
	});
	addSum(builder, `${name}_sum`, exponentials);
	return { shifted, exponentials };
}

/** Adds `name` [rows]: the sums of the rows of `values` [rows, columns], float32 but added up as float64. */
export function addSum(builder: GraphBuilder, name: string, values: string): void {
	const wide = builder.node(`${name}/Double`, 'Cast', [values], { attributes: { to: DOUBLE } });
	const sum = builder.node(`${name}/Sum`, 'ReduceSum', [wide, builder.integers(1)], {
		attributes: { keepdims: 0n }
	});
	builder.node(`${name}/Float`, 'Cast', [sum], {
		outputs: [name],
		attributes: { to: BigInt(FLOAT) }
	});
}
