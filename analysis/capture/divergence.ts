import type { InferenceSession } from 'onnxruntime-node';
import { divergenceGraph } from '../graph/divergence.ts';
import { createSession, floats, tensor } from './session.ts';

/** Others are taken in parts of this many floats (64 MB): the graph needs several copies of a part. */
const PART_FLOATS = 16_000_000;

/** Sums of Jensen–Shannon divergences between the layers' sampled rows. */
export class DivergencePass {
	readonly #session: InferenceSession;
	readonly #layers: number;

	private constructor(session: InferenceSession, layers: number) {
		this.#session = session;
		this.#layers = layers;
	}

	static async open(layers: number): Promise<DivergencePass> {
		return new DivergencePass(await createSession(divergenceGraph()), layers);
	}

	/** Adds to `sums` [L, L] the divergences (nats, summed over rows) of every pair in `rows` [L, width]. */
	async add(rows: Float32Array, sums: Float64Array): Promise<void> {
		const width = rows.length / this.#layers;
		const atOnce = Math.max(1, Math.floor(PART_FLOATS / width));
		for (let layer = 0; layer < this.#layers - 1; layer++) {
			const own = tensor(rows.subarray(layer * width, (layer + 1) * width), [1, width]);
			for (let first = layer + 1; first < this.#layers; first += atOnce) {
				const count = Math.min(atOnce, this.#layers - first);
				const others = rows.subarray(first * width, (first + count) * width);
				const outputs = await this.#session.run({
					layer: own,
					others: tensor(others, [count, width])
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
		await this.#session.release();
	}
}
