import type { InferenceSession } from 'onnxruntime-node';
import { blockEntries, causalMask } from '../graph/blocks.ts';
import { projectionsGraph, scoresGraph } from '../graph/chunked.ts';
import { blockInputs, probabilitiesName } from '../graph/decoder.ts';
import type { ModelHasher } from '../model/checkpoint/hash.ts';
import type { WeightReader } from '../model/checkpoint/read.ts';
import type { ModelConfig } from '../model/checkpoint/types.ts';
import type { Reporter } from '../telemetry/reporter.ts';
import type { Stopwatch } from '../telemetry/stopwatch.ts';
import { viewSums, type Captureable, type Captured } from './captureSums.ts';
import { ForwardPass } from './forward.ts';
import { LanguageHead } from './head.ts';
import { attentionLayout, type AttentionLayout } from './layout.ts';
import type { Chunks } from './memory.ts';
import { layerRotary, rotaryFeeds } from './rotary.ts';
import {
	breathe,
	createSession,
	feedsOf,
	floats,
	indices,
	tensor,
	type Tensors
} from './session.ts';
import { StatisticsPass } from './statistics.ts';
import { WeightSource } from './weights.ts';

/**
 * Runs windows whose attention does not fit in memory at once. Each goes through the layers, of which queries and keys are
 * kept; then the probabilities of a chunk of queries are worked out in all layers and summed up, chunk after chunk. The
 * figures are those of the other strategies, but for the null, which is sampled at some chunks.
 */
export async function captureChunked(
	{ checkpoint, layout, statistics, windows, work }: Captureable,
	{ layerBlocks, nullBlocks }: Chunks,
	deps: {
		reader: WeightReader;
		hasher: ModelHasher | null;
		reporter: Reporter;
		stopwatch: Stopwatch;
	}
): Promise<Captured> {
	const { reader, hasher, reporter, stopwatch } = deps;
	const { config } = checkpoint;
	const { context, layers, blocks } = layout;
	const weights = new WeightSource(checkpoint, reader, { resident: false, hasher });
	const perLayer = attentionLayout(config, context, layerBlocks);
	const forward = new ForwardPass(config, perLayer, weights);
	const head = await LanguageHead.open(config, context, weights);
	const attention = new ChunkedAttention(config, layout, perLayer);
	const pass = await StatisticsPass.open(layout, statistics, nullBlocks);
	let lossSum = 0;
	let losses = 0;
	for (const [window, { ids }] of windows.entries()) {
		stopwatch.enter('layers');
		const state = { ...(await forward.start(ids, null)), window };
		for (let layer = 0; layer < layers; layer++) {
			const { attend } = await weights.layer(layer);
			if (layer + 1 < layers) weights.prefetch(layer + 1);
			await attention.keep(layer, state.hidden, attend);
			await forward.run([state], { first: layer, last: layer });
			reporter.addLayer(work.layer, 'layers', window, layer);
		}
		stopwatch.enter('loss');
		const [values] = await head.losses([{ hidden: state.hidden, ids }]);
		for (const value of values) lossSum += value;
		losses += values.length;
		reporter.add(work.head, 'loss', window + 1);
		stopwatch.enter('similarity');
		for (const block of blocks.keys()) {
			await pass.addBlock(block, await attention.block(block));
			reporter.add(work.statistics / blocks.length, 'similarity', window + 1);
		}
		await pass.endWindow();
	}
	const { sums, profile } = await pass.finish();
	await pass.release();
	await attention.release();
	await forward.release();
	await head.release();
	return {
		sums: viewSums(sums, layout, windows.length),
		profile,
		loss: lossSum / losses,
		seen: null
	};
}

/** Queries and keys of one window in all layers, and the probabilities of a chunk of them. */
class ChunkedAttention {
	readonly #config: ModelConfig;
	readonly #layout: AttentionLayout;
	readonly #perLayer: AttentionLayout;
	readonly #queries: Float32Array[];
	readonly #keys: Float32Array[];
	/** Of each layer its sinks, where the model has them; weights are read over. */
	readonly #sinks: Tensors[] = [];
	readonly #rotary: readonly Tensors[];
	/** All layers' probabilities of the largest chunk; chunks lie at its beginning. */
	readonly #buffer: Float32Array;
	readonly #projections = new Map<boolean, InferenceSession>();
	#scores: InferenceSession | null = null;

	constructor(config: ModelConfig, layout: AttentionLayout, perLayer: AttentionLayout) {
		this.#config = config;
		this.#layout = layout;
		this.#perLayer = perLayer;
		const { layers, heads, kvHeads, headDim } = config;
		const { context, blocks } = layout;
		const bufferPerLayer = (count: number) =>
			Array.from({ length: layers }, () => new Float32Array(count * context * headDim));
		this.#queries = bufferPerLayer(heads);
		this.#keys = bufferPerLayer(kvHeads);
		this.#rotary = rotaryFeeds(config, context);
		this.#buffer = new Float32Array(layers * heads * Math.max(...blocks.map(blockEntries)));
	}

	/** Keeps the queries and keys of a layer, from the state before it. */
	async keep(layer: number, hidden: Float32Array, weights: Tensors): Promise<void> {
		const { heads, kvHeads, headDim, hidden: width, rotaryOf } = this.#config;
		const { context } = this.#layout;
		if (this.#config.sinks)
			this.#sinks[layer] = { sinks: tensor(floats(weights, 'sinks').slice(), [heads]) };
		const rotates = rotaryOf[layer] !== null;
		let session = this.#projections.get(rotates);
		if (session === undefined) {
			const graph = { ...this.#perLayer, config: this.#config };
			session = await createSession(projectionsGraph(graph, { rotates }), 'spin');
			this.#projections.set(rotates, session);
		}
		const feeds = feedsOf(session, {
			...layerRotary(this.#config, this.#rotary, layer),
			...weights,
			hidden: tensor(hidden, [context, width])
		});
		await session.run(feeds, {
			queries: tensor(this.#queries[layer], [1, heads, context, headDim]),
			keys: tensor(this.#keys[layer], [1, kvHeads, context, headDim])
		});
		await breathe();
	}

	/** Probabilities of a chunk in all layers, [L, H, queryCount·keyCount]; the next chunk is written over them. */
	async block(index: number): Promise<Float32Array> {
		this.#scores ??= await createSession(scoresGraph(this.#config), 'spin');
		const { layers, heads, kvHeads, headDim, slidingWindows } = this.#config;
		const { context, blocks } = this.#layout;
		const block = blocks[index];
		const { queryStart, queryCount, keyStart, keyCount } = block;
		const names = blockInputs(0);
		const places: Tensors = {
			[names.queryStart]: indices([queryStart]),
			[names.queryEnd]: indices([queryStart + queryCount]),
			[names.keyStart]: indices([keyStart]),
			[names.keyEnd]: indices([keyStart + keyCount])
		};
		const masks = new Map(
			[...new Set(slidingWindows)].map((each) => [
				each,
				tensor(causalMask(block, each), [1, 1, queryCount, keyCount])
			])
		);
		const entries = heads * blockEntries(block);
		for (let layer = 0; layer < layers; layer++) {
			const mask = masks.get(slidingWindows[layer]);
			if (mask === undefined) throw new Error(`layer ${layer} has no mask`);
			const place = this.#buffer.subarray(layer * entries, (layer + 1) * entries);
			const feeds = {
				...places,
				...this.#sinks.at(layer),
				[names.mask]: mask,
				queries: tensor(this.#queries[layer], [1, heads, context, headDim]),
				keys: tensor(this.#keys[layer], [1, kvHeads, context, headDim])
			};
			await this.#scores.run(feeds, {
				[probabilitiesName(0)]: tensor(place, [1, heads, queryCount, keyCount])
			});
		}
		await breathe();
		return this.#buffer.subarray(0, layers * entries);
	}

	async release(): Promise<void> {
		for (const session of this.#projections.values()) await session.release();
		await this.#scores?.release();
	}
}
