/**
 * Mean over all tokens of what an attention block puts out, [hidden]: `outputs` [S, hidden] of each window, to
 * which the bias of its output projection was not added yet; null: it has none.
 */
export function meanOutput(
	outputs: readonly Float32Array[],
	bias: Float32Array | null,
	hidden: number
): Float32Array {
	const sums = new Float64Array(hidden);
	let tokens = 0;
	for (const output of outputs) {
		for (let at = 0; at < output.length; at += hidden) {
			for (let entry = 0; entry < hidden; entry++) sums[entry] += output[at + entry];
			tokens++;
		}
	}
	return Float32Array.from(sums, (sum, entry) => sum / tokens + (bias?.[entry] ?? 0));
}
