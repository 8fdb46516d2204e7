import type { InferenceSession } from 'onnxruntime-node';
import type { ModelConfig } from '../model/checkpoint/types.ts';
import { repairSumsGraph } from '../graph/repairSums.ts';
import type { AttentionLayout, WindowAttention } from './layout.ts';
import { probabilityTensors } from './probabilities.ts';
import { breathe, createSession, feedsOf, floats, indices, tensor } from './session.ts';
import type { WeightSource } from './weights.ts';

/** Sums over windows from which a follower's output projection is refitted; see `repairSumsGraph`. */
export interface RepairSums {
	/** ZᵀZ, [width, width], width = heads·headDim. */
	gram: Float64Array;
	/** RᵀZ, [hidden, width]. */
	missing: Float64Array;
}

/** The window of which the sums are taken. */
export interface RepairWindow {
	/** The state before the follower, [S, hidden]. */
	hidden: Float32Array;
	/** Output that the attention block should have, the bias of W_O left out, [S, hidden]. */
	target: Float32Array;
	/** Keeps the source's probabilities. */
	attention: WindowAttention | null;
}

/** A layer that attends as its source does, its heads mapped or in their places (null). */
export interface Follower {
	layer: number;
	source: number;
	headMap: readonly number[] | null;
}

/** Takes the sums of followers: products within a window in float32, sums over windows in float64. */
export class RepairSumsPass {
	readonly #config: ModelConfig;
	readonly #layout: AttentionLayout;
	readonly #weights: WeightSource;
	/** With and without a head map. */
	readonly #sessions = new Map<boolean, Promise<InferenceSession>>();

	constructor(config: ModelConfig, layout: AttentionLayout, weights: WeightSource) {
		this.#config = config;
		this.#layout = layout;
		this.#weights = weights;
	}

	/** Sums of no window. */
	zeros(): RepairSums {
		const { heads, headDim, hidden } = this.#config;
		const width = heads * headDim;
		return { gram: new Float64Array(width * width), missing: new Float64Array(hidden * width) };
	}

	/** Adds one window of a follower. Throws RangeError where its source's attention was not kept. */
	async add(
		sums: RepairSums,
		{ layer, source, headMap }: Follower,
		{ hidden, target, attention }: RepairWindow
	): Promise<void> {
		if (attention === null)
			throw new RangeError(`layer ${layer} follows layer ${source}, whose attention was not kept`);
		const { reuse } = await this.#weights.layer(layer);
		const dims = [this.#layout.context, this.#config.hidden];
		const session = await this.#session(headMap !== null);
		const feeds = feedsOf(session, {
			...probabilityTensors(this.#layout, attention, source),
			...(headMap !== null && { head_map: indices(headMap) }),
			hidden: tensor(hidden, dims),
			target: tensor(target, dims),
			...reuse
		});
		const outputs = await session.run(feeds);
		addTo(sums.gram, floats(outputs, 'gram'));
		addTo(sums.missing, floats(outputs, 'missing'));
		await breathe();
	}

	#session(mapped: boolean): Promise<InferenceSession> {
		let session = this.#sessions.get(mapped);
		if (session === undefined) {
			session = createSession(repairSumsGraph({ ...this.#layout, config: this.#config }, mapped));
			this.#sessions.set(mapped, session);
		}
		return session;
	}

	async release(): Promise<void> {
		for (const session of this.#sessions.values()) await (await session).release();
		this.#sessions.clear();
	}
}

function addTo(sums: Float64Array, values: Float32Array): void {
	for (let index = 0; index < sums.length; index++) sums[index] += values[index];
}
