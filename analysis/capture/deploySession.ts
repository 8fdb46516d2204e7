import * as ort from 'onnxruntime-node';
import { InputError, messageOf } from '../errors.ts';
import { floats, type Tensors } from './session.ts';

/** Only errors, as for the engine's own sessions. */
const LOG_ERRORS = 3;

/** One tensor of a decoder's cache, [B, heads, length, width]. */
export interface CacheSlot {
	/** Names of input and output. */
	past: string;
	present: string;
	type: 'float32' | 'float16';
	heads: number;
	width: number;
}

/** Sequences of one length on their way through a decoder. */
export interface DecoderState {
	/** Sequences, B. */
	batch: number;
	/** Tokens in the cache. */
	length: number;
	past: Tensors;
}

/** A decoder with a cache, as `spanwise apply` writes it and others export it, run as a program would that uses it. */
export class DecoderSession {
	readonly cache: readonly CacheSlot[];
	readonly vocab: number;
	readonly #session: ort.InferenceSession;

	private constructor(session: ort.InferenceSession, cache: CacheSlot[], vocab: number) {
		this.#session = session;
		this.cache = cache;
		this.vocab = vocab;
	}

	/** Opens an ONNX file. Throws InputError where onnxruntime refuses it or it is no decoder with a cache. */
	static async open(file: string): Promise<DecoderSession> {
		let session: ort.InferenceSession;
		try {
			session = await ort.InferenceSession.create(file, { logSeverityLevel: LOG_ERRORS });
		} catch (error) {
			throw new InputError(`${file}: onnxruntime refuses it: ${messageOf(error)}`, {
				cause: error
			});
		}
		const logits = session.outputMetadata.find(({ name }) => name === 'logits');
		const vocab = logits?.isTensor ? logits.shape.at(-1) : undefined;
		for (const name of ['input_ids', 'attention_mask']) {
			if (!session.inputNames.includes(name)) throw noDecoder(file, `no input ${name}`);
		}
		if (logits === undefined || typeof vocab !== 'number')
			throw noDecoder(file, 'no output logits');
		const cache = session.inputMetadata.flatMap((input) => slotOf(input, session, file));
		if (cache.some(({ type }) => type === 'float16') && 'Float16Array' in globalThis) {
			throw new InputError(
				`${file}: its cache is float16, which onnxruntime-node cannot be given in Node ${process.version}; ` +
					'use Node 20 or 22'
			);
		}
		return new DecoderSession(session, cache, vocab);
	}

	/** Sequences of which nothing was read yet. */
	start(batch: number): DecoderState {
		const past: Tensors = {};
		for (const slot of this.cache) {
			const data = slot.type === 'float32' ? new Float32Array(0) : new Uint16Array(0);
			past[slot.past] = new ort.Tensor(slot.type, data, [batch, slot.heads, 0, slot.width]);
		}
		return { batch, length: 0, past };
	}

	/**
	 * Reads the next tokens, [B][S], of sequences: logits [B, S, vocab] of what comes after each. The cache grows
	 * by S.
	 */
	async read(state: DecoderState, ids: readonly (readonly number[])[]): Promise<Float32Array> {
		const { batch } = state;
		const count = ids[0].length;
		const length = state.length + count;
		const int64 = (values: bigint[], columns: number) =>
			new ort.Tensor('int64', BigInt64Array.from(values), [batch, columns]);
		const feeds: Tensors = {
			...state.past,
			input_ids: int64(ids.flat().map(BigInt), count),
			attention_mask: int64(new Array<bigint>(batch * length).fill(1n), length)
		};
		if (this.#session.inputNames.includes('position_ids')) {
			const positions = Array.from({ length: batch * count }, (_, at) =>
				BigInt(state.length + (at % count))
			);
			feeds.position_ids = int64(positions, count);
		}
		const outputs = await this.#session.run(feeds);
		for (const { past, present } of this.cache) state.past[past] = tensorOf(outputs, present);
		state.length = length;
		return floats(outputs, 'logits');
	}

	async release(): Promise<void> {
		await this.#session.release();
	}
}

const PAST = /^past_key_values\.(\d+\.(?:key|value))$/;

function slotOf(
	input: ort.InferenceSession.ValueMetadata,
	session: ort.InferenceSession,
	file: string
): CacheSlot[] {
	const place = PAST.exec(input.name)?.[1];
	if (place === undefined || !input.isTensor) return [];
	const present = `present.${place}`;
	if (!session.outputNames.includes(present)) throw noDecoder(file, `no output ${present}`);
	const [, heads, , width] = input.shape;
	if (typeof heads !== 'number' || typeof width !== 'number') {
		throw noDecoder(file, `${input.name} has no fixed number of heads`);
	}
	const { type } = input;
	if (type !== 'float32' && type !== 'float16') throw noDecoder(file, `${input.name} is ${type}`);
	return [{ past: input.name, present, type, heads, width }];
}

function tensorOf(outputs: ort.InferenceSession.OnnxValueMapType, name: string): ort.Tensor {
	const value = outputs[name];
	if (!(value instanceof ort.Tensor)) throw new TypeError(`output ${name} is no tensor`);
	return value;
}

function noDecoder(file: string, found: string): InputError {
	return new InputError(
		`${file}: ${found}; expected a decoder with a cache: input_ids, attention_mask, past_key_values.N.key ` +
			'and .value, logits, present.N.key and .value'
	);
}
