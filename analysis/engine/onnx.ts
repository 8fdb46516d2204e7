import type { InferenceSession, Tensor } from 'onnxruntime-node';
import * as ort from 'onnxruntime-node';
import type { GraphInput } from '../model/onnx/inputs.ts';
import { LOGITS } from '../graph/tapped/logits.ts';
import type { CopiedModel } from '../graph/tapped/exposeOutputs.ts';
import { takeName, tapName } from '../graph/tapped/tap.ts';
import { InputError } from '../errors.ts';
import { checkFinite } from '../finite.ts';
import { layerBlock, type AttentionLayout, type WindowAttention } from './layout.ts';
import { LogitsLoss } from './logitsComparison.ts';
import { decoderFeeds } from './onnxDecoder.ts';
import { logitsOf } from './onnxLogits.ts';
import { refused } from './refused.ts';
import { breathe, createSession, tensor, type Tensors } from './session.ts';

/** Runs windows of one length through a tapped ONNX model. */
export class OnnxPass {
	readonly #session: InferenceSession;
	readonly #layout: AttentionLayout;
	readonly #inputs: readonly GraphInput[];
	/** Layers that were tapped, in runs: those of one run are output together. */
	readonly #runs: readonly (readonly number[])[];
	readonly #file: string;
	/** null: the logits were not asked for. */
	readonly #loss: LogitsLoss | null;

	private constructor(
		session: InferenceSession,
		loss: LogitsLoss | null,
		layout: AttentionLayout,
		inputs: readonly GraphInput[],
		runs: readonly (readonly number[])[],
		file: string
	) {
		this.#session = session;
		this.#loss = loss;
		this.#layout = layout;
		this.#inputs = inputs;
		this.#runs = runs;
		this.#file = file;
	}

	/**
	 * Makes the session. A window is run once for each `layersPerRun` of the tapped layers, because what a run
	 * outputs is in memory twice. Throws InputError where onnxruntime refuses the model; `file` names it.
	 */
	static async open(
		tapped: CopiedModel,
		layout: AttentionLayout,
		options: { layers: readonly number[]; layersPerRun: number; file: string }
	): Promise<OnnxPass> {
		const { layers, layersPerRun, file } = options;
		const runs = Array.from({ length: Math.ceil(layers.length / layersPerRun) }, (_, run) =>
			layers.slice(run * layersPerRun, (run + 1) * layersPerRun)
		);
		try {
			const session = await createSession(tapped.bytes, 'spin', tapped.dataFolder);
			const loss = session.outputNames.includes(LOGITS) ? await LogitsLoss.open() : null;
			return new OnnxPass(session, loss, layout, tapped.inputs, runs, file);
		} catch (error) {
			throw refused(file, error);
		}
	}

	/**
	 * Runs a window and fills its place with the probabilities of every tapped layer. Losses of the tokens after
	 * the first, [S − 1]; of none where they were not asked for. `onRun` is called after each run. Throws InputError
	 * where the model is not a decoder's, not of the size it was taken for, or gives what is not finite.
	 */
	async run(
		ids: readonly number[],
		attention: WindowAttention,
		onRun: (layers: readonly number[]) => void = () => undefined
	): Promise<Float64Array> {
		const feeds = decoderFeeds(this.#inputs, { length: 0, past: {} }, ids);
		let losses: Float64Array | null = null;
		for (const layers of this.#runs) {
			for (const layer of this.#runs.flat()) {
				const take = BigInt64Array.of(layers.includes(layer) ? 1n : 0n);
				feeds[takeName(layer)] = new ort.Tensor('int64', take, [1]);
			}
			const outputs = await this.#execute(feeds, {
				...(losses === null && this.#loss !== null && { [LOGITS]: null }),
				...this.#places(attention, layers)
			});
			for (const layer of layers) {
				this.#checkNumbers(attention, layer);
				this.#checkCausal(attention, layer);
			}
			losses ??= (await this.#loss?.of(ids, logitsOf(outputs, ids, this.#file))) ?? null;
			onRun(layers);
			await breathe();
		}
		const found = losses ?? new Float64Array(0);
		checkFinite(found, this.#file, 'the loss');
		return found;
	}

	async #execute(
		feeds: Tensors,
		fetches: Record<string, Tensor | null>
	): Promise<InferenceSession.OnnxValueMapType> {
		try {
			return await this.#session.run(feeds, fetches);
		} catch (error) {
			throw refused(this.#file, error);
		}
	}

	/** Each layer's blocks lie where they are kept. */
	#places(attention: WindowAttention, layers: readonly number[]): Tensors {
		const { heads, blocks } = this.#layout;
		const places: Tensors = {};
		for (const layer of layers) {
			for (const [block, { queryCount, keyCount }] of blocks.entries()) {
				const place = layerBlock(this.#layout, attention, layer, block);
				places[tapName(layer, block)] = tensor(place, [1, heads, queryCount, keyCount]);
			}
		}
		return places;
	}

	/** Exporters write graphs that turn the NaN of a row into zeros, so that no row may be empty either. */
	#checkNumbers(attention: WindowAttention, layer: number): void {
		for (const [block, { keyCount }] of this.#layout.blocks.entries()) {
			const values = layerBlock(this.#layout, attention, layer, block);
			checkFinite(values, this.#file, `layer ${layer}: an attention probability`);
			for (let start = 0; start < values.length; start += keyCount) {
				const row = values.subarray(start, start + keyCount);
				if (row.some((value) => value > 0)) continue;
				throw new InputError(
					`${this.#file}: layer ${layer}: a row of attention probabilities sums to 0; expected 1: a weight is NaN or infinite, or the graph masks every key`
				);
			}
		}
	}

	/** No token of a decoder sees a later one; the maps hold later keys to the end of a query's block. */
	#checkCausal(attention: WindowAttention, layer: number): void {
		const { blocks, heads } = this.#layout;
		for (const [at, { queryStart, queryCount, keyStart, keyCount }] of blocks.entries()) {
			const values = layerBlock(this.#layout, attention, layer, at);
			for (let row = 0; row < heads * queryCount; row++) {
				const query = queryStart + (row % queryCount);
				const later = row * keyCount + query + 1 - keyStart;
				if (values.subarray(later, (row + 1) * keyCount).every((value) => value === 0)) continue;
				throw new InputError(
					`${this.#file}: layer ${layer}: token ${query} attends to later ones; expected a decoder, where no token does`
				);
			}
		}
	}

	/** Frees the session; the pass cannot run again. */
	async release(): Promise<void> {
		await this.#session.release();
		await this.#loss?.release();
	}
}
