import * as ort from 'onnxruntime-node';
import { InputError } from '../errors.ts';
import type { GraphInput } from '../model/onnx/inputs.ts';
import { LOGITS } from '../graph/tapped/logits.ts';
import type { CopiedModel } from '../graph/tapped/exposeOutputs.ts';
import type { LayerCost } from './forward.ts';
import { decoderFeeds } from './onnxDecoder.ts';
import { refused } from './refused.ts';
import { breathe, createSession, floats, type Tensors } from './session.ts';

/** Logits of every token of a window, float32 [S, vocab]. */
export interface Logits {
	data: Float32Array;
	vocab: number;
}

/** Runs windows through an ONNX model that outputs its logits; see `logitsModel`. */
export class LogitsPass {
	readonly #session: ort.InferenceSession;
	readonly #inputs: readonly GraphInput[];
	readonly #file: string;

	private constructor(session: ort.InferenceSession, inputs: readonly GraphInput[], file: string) {
		this.#session = session;
		this.#inputs = inputs;
		this.#file = file;
	}

	/** Throws InputError where onnxruntime refuses the model; `file` names it. */
	static async open({ bytes, dataFolder, inputs }: CopiedModel, file: string): Promise<LogitsPass> {
		try {
			return new LogitsPass(await createSession(bytes, 'spin', dataFolder), inputs, file);
		} catch (error) {
			throw refused(file, error);
		}
	}

	/**
	 * Runs a window and says how long the whole model took. `place`: logits of a window as long, which are written
	 * over. Throws InputError where the model cannot be run, or outputs something else than every token's logits.
	 */
	async run(
		ids: readonly number[],
		place: Logits | null
	): Promise<{ logits: Logits; time: LayerCost }> {
		const feeds = decoderFeeds(this.#inputs, { length: 0, past: {} }, ids);
		const into =
			place === null ? null : new ort.Tensor('float32', place.data, [1, ids.length, place.vocab]);
		const cpu = process.cpuUsage();
		const started = performance.now();
		const outputs = await this.#execute(feeds, into);
		const seconds = (performance.now() - started) / 1000;
		const { user, system } = process.cpuUsage(cpu);
		await breathe();
		return {
			logits: logitsOf(outputs, ids, this.#file),
			time: { seconds, cpuSeconds: (user + system) / 1e6 }
		};
	}

	async #execute(
		feeds: Tensors,
		into: ort.Tensor | null
	): Promise<ort.InferenceSession.OnnxValueMapType> {
		try {
			return await this.#session.run(feeds, { [LOGITS]: into });
		} catch (error) {
			throw refused(this.#file, error);
		}
	}

	async release(): Promise<void> {
		await this.#session.release();
	}
}

/** The logits among a model's outputs. Throws InputError where they are not those of every token; `file` names it. */
export function logitsOf(
	outputs: ort.InferenceSession.OnnxValueMapType,
	ids: readonly number[],
	file: string
): Logits {
	const data = floats(outputs, LOGITS);
	const found = outputs[LOGITS];
	const dims = found instanceof ort.Tensor ? found.dims : [];
	if (dims.length !== 3 || dims[1] !== ids.length) {
		throw new InputError(
			`${file}: logits of [${dims.join(', ')}] for ${ids.length} tokens; expected those of every token`
		);
	}
	return { data, vocab: data.length / ids.length };
}
