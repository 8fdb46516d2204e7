/** Mean over tokens of what an attention block puts out, [hidden]. */
export class MeanOutput {
	readonly #sums: Float64Array;
	#tokens = 0;

	constructor(hidden: number) {
		this.#sums = new Float64Array(hidden);
	}

	/** Adds the tokens of a window, [S, hidden]. */
	add(output: Float32Array): void {
		const hidden = this.#sums.length;
		for (let start = 0; start < output.length; start += hidden) {
			for (let entry = 0; entry < hidden; entry++) this.#sums[entry] += output[start + entry];
			this.#tokens++;
		}
	}

	/** The mean, and what was left out of every output, the bias of W_O [hidden]; null: there is none. */
	withBias(bias: Float32Array | null): Float32Array {
		return Float32Array.from(
			this.#sums,
			(sum, entry) => sum / this.#tokens + (bias === null ? 0 : bias[entry])
		);
	}
}
