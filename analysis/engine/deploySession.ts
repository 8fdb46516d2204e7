import { readFile } from 'node:fs/promises';
import * as ort from 'onnxruntime-node';
import { InputError } from '../errors.ts';
import type { CacheSize } from '../model/onnx/cacheSizes.ts';
import { inputRole } from '../model/onnx/inputs.ts';
import { wideFloats, widened } from './onnxDecoder.ts';
import { refused } from './refused.ts';
import { LOG_FATAL, type Tensors } from './session.ts';

/** One tensor of a decoder's cache, [B, heads, length, width], or several of them in one, [parts, B, heads, length, width]. */
export interface CacheSlot {
	/** Names of input and output. */
	past: string;
	present: string;
	type: 'float32' | 'float16';
	/** null: a tensor of one part, without that axis. */
	parts: number | null;
	heads: number;
	width: number;
}

/** Sequences on their way through a decoder. */
export interface DecoderState {
	/** Per sequence, of every token that was read: 1, or 0 for padding. */
	mask: number[][];
	past: Tensors;
}

/** Input and output of a part of a cache; `size` says what the graph may leave open, null: nothing is left open. */
export interface CachePair {
	past: string;
	present: string;
	size: CacheSize | null;
}

/** Names of a decoder's outputs and of its cache. */
export interface DecoderNames {
	logits: string;
	/** Size of the vocabulary. */
	vocab: number;
	/** Input and output of each part of the cache, of all layers; a planned model has some of them. */
	cache: CachePair[];
}

/** Settings for opening a decoder, for files that Spanwise did not write from a checkpoint. */
export interface DecoderOrigin {
	/** Folder that its external data is relative to; null: the file's own. */
	dataFolder: string | null;
	/** null: as Spanwise, optimum and onnxruntime-genai's model builder name them. */
	names: DecoderNames | null;
}

const OWN: DecoderOrigin = { dataFolder: null, names: null };

/** A decoder with a cache, as `spanwise apply` writes it and others export it, run as a program would that uses it. */
export class DecoderSession {
	readonly cache: readonly CacheSlot[];
	readonly vocab: number;
	readonly #file: string;
	readonly #session: ort.InferenceSession;
	readonly #logits: string;

	private constructor(
		file: string,
		session: ort.InferenceSession,
		cache: CacheSlot[],
		logits: { name: string; vocab: number }
	) {
		this.#file = file;
		this.#session = session;
		this.cache = cache;
		this.vocab = logits.vocab;
		this.#logits = logits.name;
	}

	/** Opens an ONNX file. Throws InputError where onnxruntime refuses it or it is no decoder with a cache. */
	static async open(
		file: string,
		{ dataFolder, names }: DecoderOrigin = OWN
	): Promise<DecoderSession> {
		const session = await sessionOf(file, dataFolder);
		const name = names?.logits ?? 'logits';
		const logits = session.outputMetadata.find((output) => output.name === name);
		const vocab = names?.vocab ?? (logits?.isTensor ? logits.shape.at(-1) : undefined);
		if (!session.inputNames.includes('input_ids')) throw noDecoder(file, 'no input input_ids');
		if (logits === undefined || typeof vocab !== 'number')
			throw noDecoder(file, `no output ${name}`);
		const pairs = names?.cache ?? session.inputNames.flatMap(ownPair);
		const cache = session.inputMetadata.flatMap((input) => slotOf(input, pairs, session, file));
		return new DecoderSession(file, session, cache, { name, vocab });
	}

	/** Sequences of which nothing was read yet. */
	start(batch: number): DecoderState {
		const past: Tensors = {};
		for (const slot of this.cache) {
			const data = slot.type === 'float32' ? new Float32Array(0) : new Uint16Array(0);
			const parts = slot.parts === null ? [] : [slot.parts];
			past[slot.past] = new ort.Tensor(slot.type, data, [
				...parts,
				batch,
				slot.heads,
				0,
				slot.width
			]);
		}
		return { mask: Array.from({ length: batch }, () => []), past };
	}

	/**
	 * Reads the next tokens, [B][S], of sequences: logits [B, S, vocab] of what comes after each. The cache grows
	 * by S. `mask`, [B][S], has 0 for padding.
	 */
	async read(
		state: DecoderState,
		ids: readonly (readonly number[])[],
		mask: readonly (readonly number[])[] = allTokens(ids)
	): Promise<Float32Array> {
		return wideFloats(await this.#run(state, ids, mask), this.#logits);
	}

	/** As `read`, but of each sequence only the logits [vocab] of what comes after its last token. */
	async readLast(
		state: DecoderState,
		ids: readonly (readonly number[])[]
	): Promise<Float32Array[]> {
		const { data } = tensorOf(await this.#run(state, ids, allTokens(ids)), this.#logits);
		if (!(data instanceof Float32Array || data instanceof Uint16Array)) {
			throw new TypeError(`output ${this.#logits} is neither float32 nor float16`);
		}
		const each = data.length / ids.length;
		return ids.map((_, sequence) => {
			const end = (sequence + 1) * each;
			// Halves of the other tokens stay as they are: making them wide takes longer than some models' steps.
			const last = data.subarray(end - this.vocab, end);
			return last instanceof Float32Array ? last : widened(last);
		});
	}

	async #run(
		state: DecoderState,
		ids: readonly (readonly number[])[],
		added: readonly (readonly number[])[]
	): Promise<ort.InferenceSession.OnnxValueMapType> {
		const feeds: Tensors = { ...state.past };
		const mask = state.mask.map((before, sequence) => [...before, ...added[sequence]]);
		for (const input of this.#session.inputMetadata) {
			if (!input.isTensor || input.name in feeds) continue;
			feeds[input.name] = integers(input, valuesOf(input.name, mask, ids));
		}
		const outputs = await this.#execute(feeds);
		for (const { past, present } of this.cache) state.past[past] = tensorOf(outputs, present);
		state.mask = mask;
		return outputs;
	}

	async #execute(feeds: Tensors): Promise<ort.InferenceSession.OnnxValueMapType> {
		try {
			return await this.#session.run(feeds);
		} catch (error) {
			throw refused(this.#file, error);
		}
	}

	async release(): Promise<void> {
		await this.#session.release();
	}
}

async function sessionOf(file: string, dataFolder: string | null): Promise<ort.InferenceSession> {
	const extra = { session: { model_external_initializers_file_folder_path: dataFolder } };
	const options = { logSeverityLevel: LOG_FATAL } as const;
	try {
		// By its path the file is not copied; where data lies elsewhere, it is small.
		return dataFolder === null
			? await ort.InferenceSession.create(file, options)
			: await ort.InferenceSession.create(await readFile(file), { ...options, extra });
	} catch (error) {
		throw refused(file, error);
	}
}

const PAST = /^past_key_values\.(\d+\.(?:key|value))$/;

function ownPair(past: string): DecoderNames['cache'] {
	const place = PAST.exec(past)?.[1];
	return place === undefined ? [] : [{ past, present: `present.${place}`, size: null }];
}

function slotOf(
	input: ort.InferenceSession.ValueMetadata,
	pairs: DecoderNames['cache'],
	session: ort.InferenceSession,
	file: string
): CacheSlot[] {
	const pair = pairs.find(({ past }) => past === input.name);
	if (pair === undefined || !input.isTensor) return [];
	const { present, size } = pair;
	if (!session.outputNames.includes(present)) throw noDecoder(file, `no output ${present}`);
	const [declaredHeads, , declaredWidth] = input.shape.slice(-3);
	const heads = typeof declaredHeads === 'number' ? declaredHeads : size?.heads;
	const width = typeof declaredWidth === 'number' ? declaredWidth : size?.width;
	const parts = input.shape.length === 5 ? input.shape[0] : null;
	if (typeof heads !== 'number' || typeof width !== 'number' || typeof parts === 'string') {
		throw noDecoder(file, `${input.name} has no fixed number of heads`);
	}
	const { type } = input;
	if (type !== 'float32' && type !== 'float16') throw noDecoder(file, `${input.name} is ${type}`);
	return [{ past: input.name, present, type, parts, heads, width }];
}

/** Returns the values of an integer input, one row a sequence: ids, mask or positions by its name, else zeros. */
function valuesOf(
	name: string,
	mask: readonly (readonly number[])[],
	ids: readonly (readonly number[])[]
): readonly (readonly number[])[] {
	switch (inputRole(name)) {
		case 'ids':
			return ids;
		case 'mask':
			return mask;
		case 'positions':
			return mask.map((row, at) => positionsOf(row).slice(-ids[at].length));
		default:
			return ids.map((row) => row.map(() => 0));
	}
}

/** Returns the mask of tokens without padding: all ones. */
function allTokens(ids: readonly (readonly number[])[]): number[][] {
	return ids.map((row) => row.map(() => 1));
}

/** Positions as optimum and transformers.js work them out of a mask: tokens before each, padding not counted. */
function positionsOf(mask: readonly number[]): number[] {
	let count = 0;
	return mask.map((real) => Math.max(0, (count += real) - 1));
}

/** Rows as the input takes them: [B, S], [S] or a scalar. */
function integers(
	{ type, shape }: ort.InferenceSession.TensorValueMetadata,
	rows: readonly (readonly number[])[]
): ort.Tensor {
	const dims = [[], [rows[0].length], [rows.length, rows[0].length]][shape.length];
	const count = dims.reduce((product, size) => product * size, 1);
	const values = rows.flat().slice(0, count);
	return type === 'int32'
		? new ort.Tensor('int32', Int32Array.from(values), dims)
		: new ort.Tensor('int64', BigInt64Array.from(values, BigInt), dims);
}

function tensorOf(outputs: ort.InferenceSession.OnnxValueMapType, name: string): ort.Tensor {
	const value = outputs[name];
	if (!(value instanceof ort.Tensor)) throw new TypeError(`output ${name} is no tensor`);
	return value;
}

function noDecoder(file: string, found: string): InputError {
	return new InputError(
		`${file}: ${found}; expected a decoder with a cache: input_ids, past_key_values.N.key ` +
			'and .value, logits, present.N.key and .value'
	);
}
