import type { InferenceSession } from 'onnxruntime-node';
import type { ModelConfig } from '../model/checkpoint/types.ts';
import { checkFinite } from '../finite.ts';
import { outputGraph } from '../graph/output.ts';
import type { AttentionLayout, WindowAttention } from './layout.ts';
import { probabilityTensors } from './probabilities.ts';
import { breathe, createSession, floats, tensor } from './session.ts';
import type { WeightSource } from './weights.ts';

/** What attention blocks put out, and how far apart that is under two layers' probabilities. */
export class OutputPass {
	readonly #config: ModelConfig;
	readonly #layout: AttentionLayout;
	readonly #weights: WeightSource;
	readonly #session: InferenceSession;

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
		const { inputNorm, v, vBias, o } = (await this.#weights.layer(layer)).reuse;
		const dims = [this.#layout.context, this.#config.hidden];
		const outputs = await this.#session.run({
			...probabilityTensors(this.#layout, attention, source),
			hidden: tensor(hidden, dims),
			own: tensor(own, dims),
			inputNorm,
			v,
			...(this.#config.qkvBias && { vBias }),
			o
		});
		await breathe();
		const square = floats(outputs, 'square');
		checkFinite(square, this.#weights.folder, `the square of what layer ${layer} puts out`);
		return { output: floats(outputs, 'output'), square: square[0] };
	}

	async release(): Promise<void> {
		await this.#session.release();
	}
}
