import type { ForwardPass, WindowState } from '../capture/forward.ts';
import { allocateWindow, type WindowAttention } from '../capture/layout.ts';
import { OutputPass } from '../capture/output.ts';
import type { RepairedModel } from './types.ts';

/** What attention blocks put out in the unshared model, the bias of W_O left out. */
export class BlockOutputs {
	readonly #forward: ForwardPass;
	readonly #output: OutputPass;
	/** Room for one layer's attention of one window; layers and windows take turns. */
	readonly #blocks: readonly Float32Array[];
	readonly #layers: number;
	/** What outputs are compared with, though nobody asks how far apart they are. */
	readonly #nothing: Float32Array;

	private constructor(model: RepairedModel, forward: ForwardPass, output: OutputPass) {
		const { config, layout } = model;
		this.#forward = forward;
		this.#output = output;
		this.#blocks = allocateWindow(layout, [0]).blocks;
		this.#layers = config.layers;
		this.#nothing = new Float32Array(layout.context * config.hidden);
	}

	static async open(model: RepairedModel, forward: ForwardPass): Promise<BlockOutputs> {
		const output = await OutputPass.open(model.config, model.layout, model.weights);
		return new BlockOutputs(model, forward, output);
	}

	/** Runs `layer` on all windows, which it leaves behind it; returns its block's output of each, [S, hidden]. */
	async run(
		states: readonly WindowState[],
		layer: number,
		onLayer: (layer: number, window: number) => void
	): Promise<Float32Array[]> {
		const attention: WindowAttention = {
			blocks: this.#blocks,
			slots: Array.from({ length: this.#layers }, (_, other) => (other === layer ? 0 : null))
		};
		const outputs: Float32Array[] = [];
		for (const [window, state] of states.entries()) {
			const before = state.hidden.slice();
			state.attention = attention;
			await this.#forward.run([state], { first: layer, last: layer });
			state.attention = null;
			outputs.push((await this.#output.run(layer, before, attention, layer, this.#nothing)).output);
			onLayer(layer, window);
		}
		return outputs;
	}

	async release(): Promise<void> {
		await this.#output.release();
	}
}
