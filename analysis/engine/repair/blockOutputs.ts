import type { ForwardPass, WindowState } from '../forward.ts';
import { allocateWindow } from '../layout.ts';
import { OutputPass } from '../output.ts';
import type { RepairedModel } from './types.ts';

/** Computes the outputs of attention blocks in the baseline model, the bias of W_O left out. */
export class BlockOutputs {
	readonly #forward: ForwardPass;
	readonly #output: OutputPass;
	/** Buffer for one layer's attention of one window; layers and windows take turns. */
	readonly #blocks: readonly Float32Array[];
	readonly #layers: number;
	/** Zeros that `OutputPass` compares outputs with; the distance is not used. */
	readonly #nothing: Float32Array;

	private constructor({ config, layout }: RepairedModel, forward: ForwardPass, output: OutputPass) {
		this.#forward = forward;
		this.#output = output;
		this.#blocks = allocateWindow(layout, [0]).blocks;
		this.#layers = config.layers;
		this.#nothing = new Float32Array(layout.context * config.hidden);
	}

	static async open(model: RepairedModel, forward: ForwardPass): Promise<BlockOutputs> {
		const { config, layout, weights } = model;
		return new BlockOutputs(model, forward, await OutputPass.open(config, layout, weights));
	}

	/**
	 * Runs one layer on one window after the other: the state before it and the output of its attention block,
	 * [S, hidden] each. The attention that a window keeps stays as it is.
	 */
	async *run(
		states: readonly WindowState[],
		layer: number
	): AsyncGenerator<{ window: number; hidden: Float32Array; output: Float32Array }> {
		const slots = Array.from({ length: this.#layers }, (_, other) => (other === layer ? 0 : null));
		const attention = { blocks: this.#blocks, slots };
		for (const [window, state] of states.entries()) {
			const hidden = state.hidden.slice();
			const own = { hidden: state.hidden, attention };
			await this.#forward.run([own], { first: layer, last: layer });
			state.hidden = own.hidden;
			const { output } = await this.#output.run(layer, hidden, attention, layer, this.#nothing);
			yield { window, hidden, output };
		}
	}

	async release(): Promise<void> {
		await this.#output.release();
	}
}
