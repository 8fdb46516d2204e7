import * as ort from 'onnxruntime-node';
import { widen } from '../model/checkpoint/widen.ts';
import type { GraphInput } from '../model/onnx/inputs.ts';
import { refused } from './refused.ts';
import { createSession, floats, type Tensors } from './session.ts';

/** TensorProto.DataType of what is fed. */
const INT64 = 7;
const FLOAT16 = 10;

/** An ONNX decoder as others made it, to be run as a program would that uses it. */
export interface DecoderModel {
	/** Path, for messages. */
	file: string;
	/** The proto. */
	bytes: Uint8Array;
	/** Folder that its external data is relative to; null: it has none. */
	dataFolder: string | null;
	inputs: readonly GraphInput[];
	/** Name of the output of logits. */
	logits: string;
	/** By the input that holds a part of the cache, the output that holds it afterwards. */
	cache: ReadonlyMap<string, string>;
}

/** One sequence on its way through a decoder. */
export interface SequenceState {
	/** Tokens in the cache. */
	length: number;
	past: Tensors;
}

/** Runs a decoder on one sequence, at once or in steps. Only what has a cache can be run in steps. */
export class OnnxDecoder {
	readonly #model: DecoderModel;
	readonly #session: ort.InferenceSession;

	private constructor(model: DecoderModel, session: ort.InferenceSession) {
		this.#model = model;
		this.#session = session;
	}

	/** Throws InputError where onnxruntime refuses the model. */
	static async open(model: DecoderModel): Promise<OnnxDecoder> {
		try {
			return new OnnxDecoder(model, await createSession(model.bytes, 'rest', model.dataFolder));
		} catch (error) {
			throw refused(model.file, error);
		}
	}

	/** A sequence of which nothing was read yet. */
	start(): SequenceState {
		return emptySequence(this.#model.inputs);
	}

	/**
	 * Reads a sequence's next tokens, S; logits [S, vocab] of what comes after each. The cache grows by S.
	 * Throws InputError where onnxruntime cannot run them.
	 */
	async read(state: SequenceState, ids: readonly number[]): Promise<Float32Array> {
		const { inputs, logits, cache } = this.#model;
		const feeds = decoderFeeds(inputs, state, ids);
		const outputs = await this.#execute(feeds, [logits, ...cache.values()]);
		for (const [past, present] of cache) {
			const value = outputs[present];
			if (value instanceof ort.Tensor) state.past[past] = value;
		}
		state.length += ids.length;
		return wideFloats(outputs, logits);
	}

	async #execute(
		feeds: Tensors,
		fetches: string[]
	): Promise<ort.InferenceSession.OnnxValueMapType> {
		try {
			return await this.#session.run(feeds, fetches);
		} catch (error) {
			throw refused(this.#model.file, error);
		}
	}

	async release(): Promise<void> {
		await this.#session.release();
	}
}

/** A sequence of which nothing was read yet: a cache of length 0. */
export function emptySequence(inputs: readonly GraphInput[]): SequenceState {
	const past: Tensors = {};
	for (const { name, role, elementType, dims } of inputs) {
		if (role !== 'past') continue;
		past[name] =
			elementType === FLOAT16
				? new ort.Tensor('float16', new Uint16Array(0), dims(0))
				: new ort.Tensor('float32', new Float32Array(0), dims(0));
	}
	return { length: 0, past };
}

/** Builds the feeds of a decoder for a sequence's next tokens. */
export function decoderFeeds(
	inputs: readonly GraphInput[],
	state: SequenceState,
	ids: readonly number[]
): Tensors {
	const feeds: Tensors = { ...state.past };
	for (const { name, role, elementType, dims } of inputs) {
		if (role === 'past') continue;
		const values = {
			ids,
			mask: new Array<number>(state.length + ids.length).fill(1),
			positions: ids.map((_, at) => state.length + at),
			zeros: new Array<number>(ids.length).fill(0)
		}[role];
		feeds[name] = integers(values, elementType, dims(values.length));
	}
	return feeds;
}

/** As many of the values as the dimensions ask for: a scalar takes one. */
function integers(values: readonly number[], elementType: number, dims: number[]): ort.Tensor {
	const count = dims.reduce((product, size) => product * size, 1);
	const taken = values.slice(0, count);
	return elementType === INT64
		? new ort.Tensor('int64', BigInt64Array.from(taken, BigInt), dims)
		: new ort.Tensor('int32', Int32Array.from(taken), dims);
}

/** Values of an output of float32 or float16 as float32. */
export function wideFloats(
	outputs: ort.InferenceSession.OnnxValueMapType,
	name: string
): Float32Array {
	const value = outputs[name];
	if (!(value instanceof ort.Tensor) || value.type !== 'float16') return floats(outputs, name);
	return widened(value.data as Uint16Array);
}

/** Values of float16 as float32. */
export function widened({ buffer, byteOffset, byteLength }: Uint16Array): Float32Array {
	const wide = new Float32Array(byteLength / 2);
	widen(new Uint8Array(buffer, byteOffset, byteLength), 'F16', wide, 0);
	return wide;
}
