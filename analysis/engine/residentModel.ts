import type { InferenceSession } from 'onnxruntime-node';
import { StoredWeights } from '../graph/stored.ts';
import { residentLayerGraph } from '../graph/residentLayer.ts';
import { residentComparisonGraph, residentLossGraph } from '../graph/vocabulary.ts';
import type { Checkpoint } from '../model/checkpoint/types.ts';
import type { GraphBuilder } from '../proto/builder.ts';
import { createWeightSession } from './session.ts';
import { weightFiles, type WeightFiles } from './weightFiles.ts';

/**
 * A model whose weights are in memory, packed for the products: a session for each layer, which attends, reuses or leaves
 * out as it is told, and one for the output embedding. No weight is held twice, save that losses and comparisons have an
 * output embedding each. Sessions are made when they are first needed.
 */
export class ResidentModel {
	readonly #checkpoint: Checkpoint;
	readonly #sessions = new Map<string, Promise<InferenceSession>>();
	#files: Promise<WeightFiles> | null = null;

	constructor(checkpoint: Checkpoint) {
		this.#checkpoint = checkpoint;
	}

	/** The session of a layer (`residentLayerGraph`), for windows of so many query blocks. */
	layer(layer: number, blockCount: number): Promise<InferenceSession> {
		return this.#session(`layer ${layer} ${blockCount}`, (weightsIn) => {
			const { config } = this.#checkpoint;
			const source = config.shared === null ? layer : config.shared.sources[layer];
			return residentLayerGraph({
				config,
				blockCount,
				weights: (builder) => weightsIn(builder).layer(layer),
				has: { attend: source === layer, mix: source !== null },
				rotates: config.rotaryOf[layer] !== null
			});
		});
	}

	/** The session of `residentLossGraph`. */
	losses(): Promise<InferenceSession> {
		return this.#session('losses', (weightsIn) =>
			residentLossGraph(this.#checkpoint.config, weightsIn)
		);
	}

	/** The session of `residentComparisonGraph`. */
	comparison(): Promise<InferenceSession> {
		return this.#session('comparison', (weightsIn) =>
			residentComparisonGraph(this.#checkpoint.config, weightsIn)
		);
	}

	async release(): Promise<void> {
		const sessions = [...this.#sessions.values()];
		this.#sessions.clear();
		for (const session of sessions) await (await session).release();
	}

	#session(
		name: string,
		build: (weightsIn: (builder: GraphBuilder) => StoredWeights) => Uint8Array
	): Promise<InferenceSession> {
		let session = this.#sessions.get(name);
		if (session === undefined) {
			session = this.#create(build);
			this.#sessions.set(name, session);
		}
		return session;
	}

	async #create(
		build: (weightsIn: (builder: GraphBuilder) => StoredWeights) => Uint8Array
	): Promise<InferenceSession> {
		const { folder, locationOf } = await (this.#files ??= weightFiles(this.#checkpoint));
		const graph = build((builder) => new StoredWeights(builder, this.#checkpoint, locationOf));
		return createWeightSession(graph, folder, { arena: false });
	}
}
