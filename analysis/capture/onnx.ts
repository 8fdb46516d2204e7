import type { InferenceSession, Tensor } from 'onnxruntime-node';
import * as ort from 'onnxruntime-node';
import type { GraphInput } from '../onnx/inputs.ts';
import { LOSS } from '../onnx/loss.ts';
import type { CopiedModel } from '../onnx/putOut.ts';
import { takeName, tapName } from '../onnx/tap.ts';
import { InputError, messageOf } from '../errors.ts';
import { blockEntries } from '../graph/blocks.ts';
import { layerBlock, type AttentionLayout, type WindowAttention } from './layout.ts';
import { decoderFeeds } from './onnxDecoder.ts';
import { breathe, createSession, floats, tensor, type Tensors } from './session.ts';

/** Runs windows of one length through a tapped ONNX model. */
export class OnnxPass {
	readonly #session: InferenceSession;
	readonly #layout: AttentionLayout;
	readonly #inputs: readonly GraphInput[];
	/** Layers that were tapped, in runs: those of one run are put out together. */
	readonly #runs: readonly (readonly number[])[];
	readonly #file: string;

	private constructor(
		session: InferenceSession,
		layout: AttentionLayout,
		inputs: readonly GraphInput[],
		runs: readonly (readonly number[])[],
		file: string
	) {
		this.#session = session;
		this.#layout = layout;
		this.#inputs = inputs;
		this.#runs = runs;
		this.#file = file;
	}

	/**
	 * Makes the session. A window is run once for each `layersPerRun` of the tapped layers, because what a run
	 * puts out is in memory twice. Throws InputError where onnxruntime refuses the model; `file` names it.
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
			return new OnnxPass(session, layout, tapped.inputs, runs, file);
		} catch (error) {
			throw refused(file, error);
		}
	}

	/**
	 * Runs a window and fills its place with the probabilities of every tapped layer. Losses of the tokens after
	 * the first, [S − 1]; of none where they were not asked for. `onRun` is called after each run. Throws InputError
	 * where the model is not a decoder's, or not of the size it was taken for.
	 */
	async run(
		ids: readonly number[],
		attention: WindowAttention,
		onRun: (layers: readonly number[]) => void = () => undefined
	): Promise<Float32Array> {
		const feeds = decoderFeeds(this.#inputs, { length: 0, past: {} }, ids);
		let losses = new Float32Array(0);
		let wanted = this.#session.outputNames.includes(LOSS);
		for (const layers of this.#runs) {
			for (const layer of this.#runs.flat()) {
				const take = BigInt64Array.of(layers.includes(layer) ? 1n : 0n);
				feeds[takeName(layer)] = new ort.Tensor('int64', take, [1]);
			}
			const outputs = await this.#execute(feeds, {
				...(wanted && { [LOSS]: null }),
				...this.#places(attention, layers)
			});
			if (wanted) losses = Float32Array.from(floats(outputs, LOSS));
			wanted = false;
			for (const layer of layers) this.#checkCausal(attention, layer);
			onRun(layers);
			await breathe();
		}
		return losses;
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

	/** The first token of a decoder sees itself only. */
	#checkCausal(attention: WindowAttention, layer: number): void {
		const [block] = this.#layout.blocks;
		const entries = blockEntries(block);
		const values = layerBlock(this.#layout, attention, layer, 0);
		for (let head = 0; head < this.#layout.heads; head++) {
			const first = values.subarray(head * entries, head * entries + block.keyCount);
			if (first.subarray(1).every((value) => value === 0)) continue;
			throw new InputError(
				`${this.#file}: layer ${layer}: the first token attends to later ones; expected a decoder`
			);
		}
	}

	/** Frees the session; the pass cannot run again. */
	async release(): Promise<void> {
		await this.#session.release();
	}
}

/** What onnxruntime says, without its lists of files and its line breaks. */
export function refused(file: string, error: unknown): InputError {
	const said = messageOf(error).replaceAll(/\s+/g, ' ').trim();
	return new InputError(`${file}: onnxruntime cannot run it: ${said}`, { cause: error });
}
