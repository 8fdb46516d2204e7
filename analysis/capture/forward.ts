import type { InferenceSession } from 'onnxruntime-node';
import type { ModelConfig } from '../checkpoint/types.ts';
import { attendGraph } from '../graph/attend.ts';
import { probabilitiesName, type LayerGraph } from '../graph/decoder.ts';
import { reuseGraph } from '../graph/reuse.ts';
import { rotaryTables } from '../graph/rotary.ts';
import { layerBlock, type AttentionLayout, type WindowAttention } from './layout.ts';
import { breathe, createSession, tensor, type Tensors } from './session.ts';
import type { LayerWeights, WeightSource } from './weights.ts';

/** One window on its way through the model. */
export interface WindowState {
	/** [S, hidden]: the hidden state after the layers run so far. */
	hidden: Float32Array;
	/** Where probabilities are kept, and of which layers; null: of none. */
	attention: WindowAttention | null;
}

/**
 * Per layer, where its attention comes from: l itself, or a layer before it whose probabilities it reuses.
 */
export type LayerSources = readonly number[];

/** Runs windows of one length through a model, layer by layer. Sessions are made once and shared by all layers. */
export class ForwardPass {
	readonly #config: ModelConfig;
	readonly #layout: AttentionLayout;
	readonly #weights: WeightSource;
	readonly #rotary: Tensors;
	readonly #sessions = new Map<string, Promise<InferenceSession>>();
	/** The hidden states are written here and swapped, so that nothing is allocated in a run. */
	#spare: Float32Array;

	constructor(config: ModelConfig, layout: AttentionLayout, weights: WeightSource) {
		this.#config = config;
		this.#layout = layout;
		this.#weights = weights;
		const { cos, sin } = rotaryTables(config, layout.context);
		const dims = [layout.context, config.headDim / 2];
		this.#rotary = { cos: tensor(cos, dims), sin: tensor(sin, dims) };
		this.#spare = new Float32Array(layout.context * config.hidden);
	}

	/** The embedded tokens of a window, [S, hidden]: the state in which it enters layer 0. */
	async start(ids: readonly number[], attention: WindowAttention | null): Promise<WindowState> {
		return { hidden: await this.#weights.embed(ids), attention };
	}

	/**
	 * Runs all windows through layer 0 … `last`, each layer's weights being read once and the next layer's
	 * while this one runs. Where `sources` names a follower, every window must keep its source's probabilities. `onLayer` is called after each window of each layer.
	 */
	async run(
		states: WindowState[],
		options: {
			sources?: LayerSources;
			last?: number;
			onLayer?: (layer: number, window: number) => void;
		} = {}
	): Promise<void> {
		const last = options.last ?? this.#config.layers - 1;
		for (let layer = 0; layer <= last; layer++) {
			const weights = await this.#weights.layer(layer);
			if (layer < last) this.#weights.prefetch(layer + 1);
			for (const [window, state] of states.entries()) {
				await this.#layer(state, layer, options.sources?.[layer] ?? layer, weights);
				options.onLayer?.(layer, window);
				await breathe();
			}
		}
	}

	async #layer(
		state: WindowState,
		layer: number,
		source: number,
		weights: LayerWeights
	): Promise<void> {
		const { context } = this.#layout;
		const dims = [context, this.#config.hidden];
		const feeds: Tensors = { hidden: tensor(state.hidden, dims) };
		const fetches: Tensors = { hidden_out: tensor(this.#spare, dims) };
		const kept = state.attention?.slots[layer] != null ? state.attention : null;
		const session = await this.#session(layer, source, kept !== null);
		if (source === layer) {
			Object.assign(feeds, this.#rotary, weights.attend);
			if (kept !== null) Object.assign(fetches, this.#probabilities(kept, layer));
		} else {
			if (state.attention === null)
				throw new RangeError(`layer ${layer} reuses layer ${source}, whose attention was not kept`);
			Object.assign(feeds, this.#probabilities(state.attention, source), weights.reuse);
			if (kept !== null) this.#copy(kept, source, layer);
		}
		await session.run(feeds, fetches);
		[state.hidden, this.#spare] = [this.#spare, state.hidden];
	}

	/** What a follower attends with is its source's attention. */
	#copy(attention: WindowAttention, source: number, follower: number): void {
		for (const block of this.#layout.blocks.keys()) {
			layerBlock(this.#layout, attention, follower, block).set(
				layerBlock(this.#layout, attention, source, block)
			);
		}
	}

	/** A layer's query blocks as tensors over the place where they are kept. */
	#probabilities(attention: WindowAttention, layer: number): Tensors {
		return Object.fromEntries(
			this.#layout.blocks.map((block, index) => [
				probabilitiesName(index),
				tensor(layerBlock(this.#layout, attention, layer, index), [
					this.#layout.heads,
					block.queryCount,
					block.keyCount
				])
			])
		);
	}

	/** One session per kind of layer: attend with or without a tap, per sliding window, or reuse. */
	#session(layer: number, source: number, tap: boolean): Promise<InferenceSession> {
		const reach = this.#config.reach[layer];
		const key = source === layer ? `attend ${reach ?? 'all'} ${tap}` : 'reuse';
		let session = this.#sessions.get(key);
		if (session === undefined) {
			const graph: LayerGraph = { ...this.#layout, config: this.#config };
			session = createSession(
				source === layer ? attendGraph(graph, reach, tap) : reuseGraph(graph)
			);
			this.#sessions.set(key, session);
		}
		return session;
	}

	/** Frees the sessions; the pass cannot run again. */
	async release(): Promise<void> {
		for (const session of this.#sessions.values()) await (await session).release();
		this.#sessions.clear();
	}
}
