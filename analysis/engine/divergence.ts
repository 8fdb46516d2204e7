import type { InferenceSession } from 'onnxruntime-node';
import { divergenceGraph, entropyTermsGraph } from '../graph/divergence.ts';
import { DIVERGENCE_PART_FLOATS } from './sampling.ts';
import { createSession, floats, tensor } from './session.ts';

/** Sums of Jensen–Shannon divergences between the layers' sampled rows. */
export class DivergencePass {
	readonly #terms: InferenceSession;
	readonly #pairs: InferenceSession;
	readonly #layers: number;
	/** Rows of query blocks that wait for company, each [L, its width]. */
	#waiting: Float32Array[] = [];

	private constructor(terms: InferenceSession, pairs: InferenceSession, layers: number) {
		this.#terms = terms;
		this.#pairs = pairs;
		this.#layers = layers;
	}

	static async open(layers: number): Promise<DivergencePass> {
		const terms = await createSession(entropyTermsGraph());
		return new DivergencePass(terms, await createSession(divergenceGraph()), layers);
	}

	/** Takes in the sampled rows of a query block, [L, width], whole probability rows laid end to end. */
	async add(rows: Float32Array, sums: Float64Array): Promise<void> {
		this.#waiting.push(rows);
		const floatCount = this.#waiting.reduce((sum, { length }) => sum + length, 0);
		if (floatCount >= DIVERGENCE_PART_FLOATS) await this.flush(sums);
	}

	/** Adds to `sums` [L, L] the divergences (nats, summed over rows) of every pair of layers in what was taken in. */
	async flush(sums: Float64Array): Promise<void> {
		if (this.#waiting.length === 0) return;
		const rows = sideBySide(this.#waiting, this.#layers);
		this.#waiting = [];
		const width = rows.length / this.#layers;
		const dims = [this.#layers, width];
		const terms = floats(await this.#terms.run({ rows: tensor(rows, dims) }), 'terms');
		const atOnce = Math.max(1, Math.floor(DIVERGENCE_PART_FLOATS / width));
		const part = (values: Float32Array, first: number, count: number) =>
			tensor(values.subarray(first * width, (first + count) * width), [count, width]);
		for (let layer = 0; layer < this.#layers - 1; layer++) {
			for (let first = layer + 1; first < this.#layers; first += atOnce) {
				const count = Math.min(atOnce, this.#layers - first);
				const outputs = await this.#pairs.run({
					layer: part(rows, layer, 1),
					layer_terms: part(terms, layer, 1),
					others: part(rows, first, count),
					others_terms: part(terms, first, count)
				});
				floats(outputs, 'divergence').forEach((value, index) => {
					const other = first + index;
					sums[layer * this.#layers + other] += value;
					sums[other * this.#layers + layer] += value;
				});
			}
		}
	}

	async release(): Promise<void> {
		await this.#terms.release();
		await this.#pairs.release();
	}
}

/** Matrices of L rows put side by side: each [L, its width] → [L, sum of widths]. */
function sideBySide(matrices: readonly Float32Array[], rowCount: number): Float32Array {
	if (matrices.length === 1) return matrices[0];
	const width = matrices.reduce((sum, { length }) => sum + length / rowCount, 0);
	const joined = new Float32Array(rowCount * width);
	let column = 0;
	for (const matrix of matrices) {
		const own = matrix.length / rowCount;
		for (let row = 0; row < rowCount; row++) {
			joined.set(matrix.subarray(row * own, (row + 1) * own), row * width + column);
		}
		column += own;
	}
	return joined;
}
