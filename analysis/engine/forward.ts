import type { InferenceSession } from 'onnxruntime-node';
import type { ModelConfig } from '../model/checkpoint/types.ts';
import { checkFinite } from '../finite.ts';
import { attendGraph } from '../graph/attend.ts';
import type { LayerGraph } from '../graph/decoder.ts';
import { dropGraph } from '../graph/drop.ts';
import { reuseGraph } from '../graph/reuse.ts';
import {
	allocateSource,
	layerBlock,
	type AttentionLayout,
	type WindowAttention
} from './layout.ts';
import { probabilityTensors } from './probabilities.ts';
import type { LayerRepairs } from './repair/repairs.ts';
import { givenTo, ResidentLayers, type LayerAction } from './residentLayers.ts';
import { layerRotary, rotaryFeeds } from './rotary.ts';
import { breathe, createSession, feedsOf, indices, tensor, type Tensors } from './session.ts';
import type { WeightSource } from './weights.ts';

/** One window on its way through the model. */
export interface WindowState {
	/** [S, hidden]: the hidden state after the layers run so far. */
	hidden: Float32Array;
	/** Buffer for the probabilities of chosen layers; null: none are kept. */
	attention: WindowAttention | null;
	/** Its number among the run's windows, for messages. */
	window?: number;
}

/**
 * Per layer, where its attention comes from: l itself, a layer before it whose probabilities it reuses, or
 * null: it is dropped.
 */
export type LayerSources = readonly (number | null)[];

/** Per layer, the source's head for each of its heads; null: heads keep their places. Only followers need one. */
export type LayerHeadMaps = readonly (readonly number[] | null)[];

/** Source of the attention of each layer, with head maps and repairs; see `ForwardPass.run`. */
export interface PlannedLayers {
	sources: LayerSources;
	headMaps?: LayerHeadMaps;
	repairs?: LayerRepairs;
}

/** Time that a layer took on one window: its computation, not the reading of its weights. */
export interface LayerCost {
	seconds: number;
	/** Of all threads together. */
	cpuSeconds: number;
}

/**
 * Runs windows of one length through a model, layer by layer: by the sessions of a model that is in memory, or by sessions
 * that all layers share, their weights being fed.
 */
export class ForwardPass {
	readonly #config: ModelConfig;
	readonly #layout: AttentionLayout;
	readonly #weights: WeightSource;
	readonly #rotary: readonly Tensors[];
	readonly #sessions = new Map<string, Promise<InferenceSession>>();
	/** Of a model that is in memory; null: weights are fed layer by layer. */
	readonly #resident: ResidentLayers | null;
	/** The hidden states are written here and swapped, so that nothing is allocated in a run. */
	#spare: Float32Array;

	constructor(config: ModelConfig, layout: AttentionLayout, weights: WeightSource) {
		this.#config = config;
		this.#layout = layout;
		this.#weights = weights;
		this.#rotary = rotaryFeeds(config, layout.context);
		this.#spare = new Float32Array(layout.context * config.hidden);
		const { model } = weights;
		this.#resident = model === null ? null : new ResidentLayers(config, layout, model);
	}

	/**
	 * The embedded tokens of a window, [S, hidden]: the state in which it enters layer 0. A model whose layers
	 * follow others by its own making keeps what they need, even where `attention` is null.
	 */
	async start(ids: readonly number[], attention: WindowAttention | null): Promise<WindowState> {
		const { shared } = this.#config;
		const buffer =
			attention ?? (shared === null ? null : allocateSource(this.#layout, shared.sources));
		return { hidden: await this.#weights.embed(ids), attention: buffer };
	}

	/** Weights are not looked at one by one: one that is not finite makes the hidden states of its layer so. */
	#checkNumbers({ hidden, window }: WindowState, where: string): void {
		const which = window === undefined ? '' : `window ${window}: `;
		checkFinite(hidden, this.#weights.folder, `${which}the hidden state ${where}`);
	}

	/**
	 * Runs all windows through layer `first` (0 where it is not given) … `last`, each layer's weights being read
	 * once and the next layer's while this one runs. Hidden states are those before layer `first`; the arrays
	 * they came in are written over. Without `sources`, layers do what the model has them do. Where a layer
	 * follows another, every window must keep its source's probabilities. `repairs` holds what followers and
	 * dropped layers get in place of what they lost. `onLayer` is called after each window of each layer. Throws
	 * InputError where a hidden state is not finite.
	 */
	async run(
		states: WindowState[],
		options: Partial<PlannedLayers> & {
			first?: number;
			last?: number;
			onLayer?: (layer: number, window: number, cost: LayerCost) => void;
		} = {}
	): Promise<void> {
		const last = options.last ?? this.#config.layers - 1;
		const first = options.first ?? 0;
		for (const state of states) this.#checkNumbers(state, `before layer ${first}`);
		for (let layer = first; layer <= last; layer++) {
			// Of a model that is in memory nothing is read.
			const weights = this.#resident === null ? await this.#weights.layer(layer) : null;
			if (weights !== null && layer < last) this.#weights.prefetch(layer + 1);
			const planned = options.sources === undefined ? this.#config.shared : options;
			const source = planned?.sources === undefined ? layer : planned.sources[layer];
			const headMap = planned?.headMaps?.[layer] ?? null;
			const repair = options.repairs?.get(layer);
			const bias = repair?.bias ?? (source === null ? await this.#weights.meanOutput(layer) : null);
			for (const [window, state] of states.entries()) {
				const kept = state.attention?.slots[layer] != null ? state.attention : null;
				let cost: LayerCost;
				if (this.#resident !== null) {
					const action = this.#action(state, layer, source, headMap, {
						bias,
						o: repair?.o ?? null
					});
					const resident = this.#resident;
					cost = await this.#timed(state, () =>
						resident.run(layer, state.hidden, this.#spare, action, kept)
					);
				} else if (weights === null) {
					throw new Error(`layer ${layer} has no weights`);
				} else if (source === layer) {
					cost = await this.#attend(state, layer, weights.attend, kept);
				} else if (source === null) {
					cost = await this.#drop(state, weights.drop, bias);
				} else {
					const own = repair?.o ? this.#refitted(weights.reuse, repair.o) : weights.reuse;
					cost = await this.#reuse(state, layer, source, headMap, own);
				}
				if (kept !== null && source === null) this.#clear(kept, layer);
				else if (kept !== null && source !== null && source !== layer)
					this.#copy(kept, source, layer, headMap);
				this.#checkNumbers(state, `after layer ${layer}`);
				options.onLayer?.(layer, window, cost);
				await breathe();
			}
		}
	}

	/** Returns what a layer of a model in memory does for its attention: compute, reuse or drop it. */
	#action(
		{ attention }: WindowState,
		layer: number,
		source: number | null,
		headMap: readonly number[] | null,
		repair: { bias: Float32Array | null; o: Float32Array | null }
	): LayerAction {
		if (source === layer) return { kind: 'attend' };
		if (source === null) return { kind: 'drop', bias: repair.bias };
		if (attention === null)
			throw new RangeError(`layer ${layer} reuses layer ${source}, whose attention was not kept`);
		const probabilities = givenTo(this.#layout, attention, source, headMap);
		return { kind: 'reuse', probabilities, o: repair.o };
	}

	#attend(
		state: WindowState,
		layer: number,
		weights: Tensors,
		kept: WindowAttention | null
	): Promise<LayerCost> {
		const slidingWindow = this.#config.slidingWindows[layer];
		const rotates = this.#config.rotaryOf[layer] !== null;
		const tap = kept !== null;
		return this.#compute(
			`attend ${slidingWindow ?? 'all'} ${rotates} ${tap}`,
			(graph) => attendGraph(graph, { slidingWindow, rotates }, tap),
			state,
			{ ...layerRotary(this.#config, this.#rotary, layer), ...weights },
			kept === null ? {} : probabilityTensors(this.#layout, kept, layer)
		);
	}

	#reuse(
		state: WindowState,
		layer: number,
		source: number,
		headMap: readonly number[] | null,
		weights: Tensors
	): Promise<LayerCost> {
		if (state.attention === null)
			throw new RangeError(`layer ${layer} reuses layer ${source}, whose attention was not kept`);
		const mapped = headMap !== null;
		return this.#compute(`reuse ${mapped}`, (graph) => reuseGraph(graph, mapped), state, {
			...probabilityTensors(this.#layout, state.attention, source),
			...weights,
			...(mapped && { head_map: indices(headMap) })
		});
	}

	#drop(state: WindowState, weights: Tensors, bias: Float32Array | null): Promise<LayerCost> {
		const biased = bias !== null;
		return this.#compute(
			`drop ${biased}`,
			(graph) => dropGraph(graph, biased),
			state,
			biased ? { ...weights, mean_output: tensor(bias, [this.#config.hidden]) } : weights
		);
	}

	/** A follower's weights with another output projection. */
	#refitted(weights: Tensors, o: Float32Array): Tensors {
		return { ...weights, o: tensor(o, weights.o.dims) };
	}

	/** Runs one graph on a window's hidden state, which becomes its `hidden_out`. */
	async #compute(
		key: string,
		build: (graph: LayerGraph) => Uint8Array,
		state: WindowState,
		feeds: Tensors,
		fetches: Tensors = {}
	): Promise<LayerCost> {
		const session = await this.#session(key, build);
		const dims = [this.#layout.context, this.#config.hidden];
		const inputs = feedsOf(session, { ...feeds, hidden: tensor(state.hidden, dims) });
		const outputs = { ...fetches, hidden_out: tensor(this.#spare, dims) };
		return this.#timed(state, async () => {
			await session.run(inputs, outputs);
		});
	}

	/** Measures a run that writes a window's next state to the spare array. */
	async #timed(state: WindowState, run: () => Promise<void>): Promise<LayerCost> {
		const cpu = process.cpuUsage();
		const started = performance.now();
		await run();
		const seconds = (performance.now() - started) / 1000;
		const { user, system } = process.cpuUsage(cpu);
		[state.hidden, this.#spare] = [this.#spare, state.hidden];
		return { seconds, cpuSeconds: (user + system) / 1e6 };
	}

	/** The attention of a dropped layer: none. */
	#clear(attention: WindowAttention, layer: number): void {
		for (const block of this.#layout.blocks.keys()) {
			layerBlock(this.#layout, attention, layer, block).fill(0);
		}
	}

	/** Copies the probabilities of a source to its follower, heads by the map; null: in their places. */
	#copy(
		attention: WindowAttention,
		source: number,
		follower: number,
		headMap: readonly number[] | null
	): void {
		for (const block of this.#layout.blocks.keys()) {
			const from = layerBlock(this.#layout, attention, source, block);
			const to = layerBlock(this.#layout, attention, follower, block);
			const entries = from.length / this.#layout.heads;
			if (headMap === null) to.set(from);
			else
				for (const [head, taken] of headMap.entries())
					to.set(from.subarray(taken * entries, (taken + 1) * entries), head * entries);
		}
	}

	/** One session per kind of layer: attend with or without a tap, per sliding window and rotary embedding; reuse; drop. */
	#session(key: string, build: (graph: LayerGraph) => Uint8Array): Promise<InferenceSession> {
		let session = this.#sessions.get(key);
		if (session === undefined) {
			session = createSession(build({ ...this.#layout, config: this.#config }), 'spin');
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
