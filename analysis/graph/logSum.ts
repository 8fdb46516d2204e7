import { FLOAT, type GraphBuilder } from '../proto/builder.ts';

/** TensorProto.DataType. */
const DOUBLE = 11n;

/**
 * Number of columns that are added up. `part`: a part of a vocabulary, some thousand at most; float32 sums of 4,096 terms are off by
 * 3e-7 of them. `any`: they are added up as float64, which takes three times as long; float32 sums of 262,144 are off by 4e-6.
 */
export type Columns = 'part' | 'any';

/**
 * Adds what the log-sum-exp of each row of `logits` [rows, columns] is made of: `<name>_highest`, its highest logit, and
 * `<name>_sum`, Σ e^(logit − highest), float32 [rows] each. onnxruntime's float32 ReduceLogSumExp adds one term after the
 * other, so that of a large vocabulary small ones are lost (1.5e-4 of 49,152). The logarithm is taken outside, see
 * engine/logSum.ts. Returns the logits less the highest and their exponentials, both [rows, columns]. NaN and +∞ among the
 * logits make the sum NaN.
 */
export function addLogSum(
	builder: GraphBuilder,
	name: string,
	logits: string,
	columns: Columns
): { shifted: string; exponentials: string } {
	const highest = builder.node(`${name}/Highest`, 'ReduceMax', [logits, builder.integers(1)], {
		attributes: { keepdims: 1n }
	});
	const shifted = builder.node(`${name}/Shifted`, 'Sub', [logits, highest]);
	const exponentials = builder.node(`${name}/Exp`, 'Exp', [shifted]);
	builder.node(`${name}/FlatHighest`, 'Squeeze', [highest, builder.integers(1)], {
		outputs: [`${name}_highest`]
	});
	addSum(builder, `${name}_sum`, exponentials, columns);
	return { shifted, exponentials };
}

/** Adds `name` [rows]: the sums of the rows of `values` [rows, columns], float32. */
export function addSum(
	builder: GraphBuilder,
	name: string,
	values: string,
	columns: Columns
): void {
	const overColumns = { keepdims: 0n };
	if (columns === 'part') {
		builder.node(`${name}/Sum`, 'ReduceSum', [values, builder.integers(1)], {
			outputs: [name],
			attributes: overColumns
		});
		return;
	}
	const wide = builder.node(`${name}/Double`, 'Cast', [values], { attributes: { to: DOUBLE } });
	const sum = builder.node(`${name}/Sum`, 'ReduceSum', [wide, builder.integers(1)], {
		attributes: overColumns
	});
	builder.node(`${name}/Float`, 'Cast', [sum], {
		outputs: [name],
		attributes: { to: BigInt(FLOAT) }
	});
}
