import type { InferenceSession } from 'onnxruntime-node';
import type { ModelConfig } from '../model/checkpoint/types.ts';
import { checkFinite } from '../finite.ts';
import { outputGraph } from '../graph/output.ts';
import type { AttentionLayout, WindowAttention } from './layout.ts';
import { probabilityTensors } from './probabilities.ts';
import { givenTo, ResidentLayers } from './residentLayers.ts';
import { breathe, createSession, feedsOf, floats, tensor } from './session.ts';
import type { WeightSource } from './weights.ts';

/** Computes outputs of attention blocks, and their distance under two layers' probabilities. */
export class OutputPass {
	readonly #config: ModelConfig;
	readonly #layout: AttentionLayout;
	readonly #weights: WeightSource;
	readonly #session: InferenceSession;
	/** Of a model that is in memory; null: weights are fed. */
	readonly #resident: ResidentLayers | null;

	private constructor(
		config: ModelConfig,
		layout: AttentionLayout,
		weights: WeightSource,
		session: InferenceSession
	) {
		this.#config = config;
		this.#layout = layout;
		this.#weights = weights;
		this.#session = session;
		const { model } = weights;
		this.#resident = model === null ? null : new ResidentLayers(config, layout, model);
	}

	static async open(
		config: ModelConfig,
		layout: AttentionLayout,
		weights: WeightSource
	): Promise<OutputPass> {
		const session = await createSession(outputGraph({ ...layout, config }));
		return new OutputPass(config, layout, weights, session);
	}

	/**
	 * P_source·V_layer·W_O of one window, [S, hidden], the bias of W_O left out, and the squared Frobenius norm
	 * of its difference from `own`. `hidden` [S, hidden] is the state before `layer`; `attention` must keep the
	 * probabilities of `source`. Throws InputError where the norm is not finite.
	 */
	async run(
		layer: number,
		hidden: Float32Array,
		attention: WindowAttention,
		source: number,
		own: Float32Array
	): Promise<{ output: Float32Array; square: number }> {
		if (this.#resident !== null) {
			const given = givenTo(this.#layout, attention, source, null);
			const output = await this.#resident.attentionOutput(layer, hidden, given);
			const square = squaredDistance(output, own);
			this.#check([square], layer);
			await breathe();
			return { output, square };
		}
		const { reuse } = await this.#weights.layer(layer);
		const dims = [this.#layout.context, this.#config.hidden];
		const feeds = feedsOf(this.#session, {
			...probabilityTensors(this.#layout, attention, source),
			hidden: tensor(hidden, dims),
			own: tensor(own, dims),
			...reuse
		});
		const outputs = await this.#session.run(feeds);
		await breathe();
		const square = floats(outputs, 'square');
		this.#check(square, layer);
		return { output: floats(outputs, 'output'), square: square[0] };
	}

	#check(square: ArrayLike<number>, layer: number): void {
		checkFinite(square, this.#weights.folder, `the square of what layer ${layer} puts out`);
	}

	async release(): Promise<void> {
		await this.#session.release();
	}
}

/** Squared Frobenius norm of the difference. */
function squaredDistance(one: Float32Array, other: Float32Array): number {
	let sum = 0;
	for (let index = 0; index < one.length; index++) sum += (one[index] - other[index]) ** 2;
	return sum;
}
