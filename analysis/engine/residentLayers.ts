import * as ort from 'onnxruntime-node';
import { blockEntries, causalMask } from '../graph/blocks.ts';
import { blockInputs, probabilitiesName } from '../graph/decoder.ts';
import { givenName } from '../graph/residentLayer.ts';
import type { ModelConfig } from '../model/checkpoint/types.ts';
import { layerBlock, type AttentionLayout, type WindowAttention } from './layout.ts';
import type { ResidentModel } from './residentModel.ts';
import { layerRotary, rotaryFeeds } from './rotary.ts';
import { feedsOf, floats, indices, tensor, type Tensors } from './session.ts';

/** A step that gets a layer its attention: computing it, reusing it or dropping it. */
export type LayerAction =
	| { kind: 'attend' }
	/** The probabilities of each query block, [heads, queryCount, keyCount]; another output projection or null. */
	| { kind: 'reuse'; probabilities: readonly Float32Array[]; o: Float32Array | null }
	/** Mean output in place of that of the attention block, [hidden]; null: nothing. */
	| { kind: 'drop'; bias: Float32Array | null };

/** Runs windows of one length through single layers of a model that is in memory. */
export class ResidentLayers {
	readonly #config: ModelConfig;
	readonly #layout: AttentionLayout;
	readonly #model: ResidentModel;
	/** Positions and bounds of the blocks: the same for every layer. */
	readonly #places: Tensors;
	readonly #rotary: readonly Tensors[];
	/** By the sliding window of a layer. */
	readonly #masks = new Map<number | null, Tensors>();
	readonly #nothing: Tensors;

	constructor(config: ModelConfig, layout: AttentionLayout, model: ResidentModel) {
		this.#config = config;
		this.#layout = layout;
		this.#model = model;
		const { context, blocks } = layout;
		this.#rotary = rotaryFeeds(config, context);
		const positions = Array.from({ length: context }, (_, position) => position);
		this.#places = {
			positions: new ort.Tensor('int64', BigInt64Array.from(positions, BigInt), [1, context])
		};
		this.#nothing = {
			mean_output: tensor(new Float32Array(config.hidden), [config.hidden]),
			refitted_o: tensor(new Float32Array(0), [0, config.heads * config.headDim])
		};
		for (const [index, block] of blocks.entries()) {
			const names = blockInputs(index);
			this.#places[names.queryStart] = indices([block.queryStart]);
			this.#places[names.queryEnd] = indices([block.queryStart + block.queryCount]);
			this.#places[names.keyStart] = indices([block.keyStart]);
			this.#places[names.keyEnd] = indices([block.keyStart + block.keyCount]);
			this.#nothing[givenName(index)] = tensor(new Float32Array(0), [1, 0, 0, 0]);
		}
	}

	/**
	 * Runs a layer on `hidden` [S, hidden] and writes the state after it to `out`. Where `kept` keeps the layer's
	 * probabilities and it attends, they are written there.
	 */
	async run(
		layer: number,
		hidden: Float32Array,
		out: Float32Array,
		action: LayerAction,
		kept: WindowAttention | null = null
	): Promise<void> {
		const session = await this.#session(layer);
		const fetches: Tensors = { hidden_out: this.#state(out) };
		if (kept !== null && action.kind === 'attend') {
			for (const index of this.#layout.blocks.keys()) {
				const place = layerBlock(this.#layout, kept, layer, index);
				fetches[probabilitiesName(index)] = this.#probabilities(index, place);
			}
		}
		await session.run(this.#feeds(session, layer, hidden, action, false), fetches);
	}

	/** Computes the output of a layer's attention block under given probabilities, its bias left out, [S, hidden]. */
	async attentionOutput(
		layer: number,
		hidden: Float32Array,
		probabilities: readonly Float32Array[]
	): Promise<Float32Array> {
		const session = await this.#session(layer);
		const action: LayerAction = { kind: 'reuse', probabilities, o: null };
		const outputs = await session.run(this.#feeds(session, layer, hidden, action, true), [
			'attention_out'
		]);
		return floats(outputs, 'attention_out');
	}

	#session(layer: number): Promise<ort.InferenceSession> {
		return this.#model.layer(layer, this.#layout.blocks.length);
	}

	/** Feeds of what the layer's graph asks for. */
	#feeds(
		session: ort.InferenceSession,
		layer: number,
		hidden: Float32Array,
		action: LayerAction,
		stops: boolean
	): Tensors {
		const feeds: Tensors = {
			...this.#places,
			...layerRotary(this.#config, this.#rotary, layer),
			...this.#maskOf(this.#config.slidingWindows[layer]),
			...this.#nothing,
			hidden: this.#state(hidden),
			attends: flag(action.kind === 'attend'),
			drops: flag(action.kind === 'drop'),
			refits: flag(action.kind === 'reuse' && action.o !== null),
			stops: flag(stops)
		};
		if (action.kind === 'reuse') {
			for (const [index, values] of action.probabilities.entries())
				feeds[givenName(index)] = this.#probabilities(index, values);
			if (action.o !== null) {
				const { heads, headDim, hidden: width } = this.#config;
				feeds.refitted_o = tensor(action.o, [width, heads * headDim]);
			}
		}
		if (action.kind === 'drop' && action.bias !== null)
			feeds.mean_output = tensor(action.bias, [this.#config.hidden]);
		return feedsOf(session, feeds);
	}

	#state(values: Float32Array): ort.Tensor {
		return tensor(values, [this.#layout.context, this.#config.hidden]);
	}

	#probabilities(block: number, values: Float32Array): ort.Tensor {
		const { queryCount, keyCount } = this.#layout.blocks[block];
		return tensor(values, [1, this.#config.heads, queryCount, keyCount]);
	}

	#maskOf(slidingWindow: number | null): Tensors {
		let masks = this.#masks.get(slidingWindow);
		if (masks === undefined) {
			masks = {};
			for (const [index, block] of this.#layout.blocks.entries()) {
				const dims = [1, 1, block.queryCount, block.keyCount];
				masks[blockInputs(index).mask] = tensor(causalMask(block, slidingWindow), dims);
			}
			this.#masks.set(slidingWindow, masks);
		}
		return masks;
	}
}

function flag(value: boolean): ort.Tensor {
	return new ort.Tensor('bool', [value], []);
}

/** A source's probabilities as a follower takes them: its heads mapped, or in their places (null). */
export function givenTo(
	layout: AttentionLayout,
	attention: WindowAttention,
	source: number,
	headMap: readonly number[] | null
): Float32Array[] {
	return layout.blocks.map((block, index) => {
		const values = layerBlock(layout, attention, source, index);
		if (headMap === null) return values;
		const entries = blockEntries(block);
		const mapped = new Float32Array(values.length);
		for (const [head, taken] of headMap.entries())
			mapped.set(values.subarray(taken * entries, (taken + 1) * entries), head * entries);
		return mapped;
	});
}
