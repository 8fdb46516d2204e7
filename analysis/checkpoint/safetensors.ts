import { open, type FileHandle } from 'node:fs/promises';
import * as v from 'valibot';
import { InputError, messageOf } from '../errors.ts';
import { duplicateKey } from './duplicates.ts';
import { checkPlainFile } from '../edge/json.ts';
import type { Dtype, TensorEntry } from './types.ts';

/** 100 MB: the limit of the reference implementation; the header of a 126-layer model has 0.2 MB. */
export const MAX_HEADER_BYTES = 100_000_000;

/** Bytes before the header: its length, an unsigned 64-bit little-endian integer. */
const LENGTH_BYTES = 8;

export const DTYPE_BYTES: Record<Dtype, number> = { F32: 4, F16: 2, BF16: 2 };

const entrySchema = v.object({
	dtype: v.string(),
	shape: v.array(v.pipe(v.number(), v.safeInteger(), v.minValue(0))),
	data_offsets: v.strictTuple([
		v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
		v.pipe(v.number(), v.safeInteger(), v.minValue(0))
	])
});

function isDtype(name: string): name is Dtype {
	return Object.hasOwn(DTYPE_BYTES, name);
}

/**
 * The tensors of a safetensors file, in the order of their bytes; only its header is read.
 * Throws InputError, naming file, tensor, value found and limit, for anything the format does not allow
 * (https://github.com/huggingface/safetensors#format) and for dtypes other than F32, F16 and BF16.
 */
export async function readSafetensorsHeader(file: string): Promise<TensorEntry[]> {
	let handle: FileHandle | null = null;
	try {
		await checkPlainFile(file);
		handle = await open(file);
		const { size } = await handle.stat();
		const header = await headerBytes(handle, size, file);
		const dataStart = LENGTH_BYTES + header.length;
		return parseHeader(header, file, dataStart, size - dataStart);
	} catch (error) {
		if (error instanceof InputError) throw error;
		throw new InputError(`${file}: cannot be read: ${messageOf(error)}`, { cause: error });
	} finally {
		await handle?.close();
	}
}

async function headerBytes(handle: FileHandle, size: number, file: string): Promise<Uint8Array> {
	if (size < LENGTH_BYTES) {
		throw new InputError(
			`${file}: truncated: ${size} bytes; a safetensors file has at least ${LENGTH_BYTES}`
		);
	}
	const prefix = Buffer.alloc(LENGTH_BYTES);
	await handle.read(prefix, 0, LENGTH_BYTES, 0);
	const length = prefix.readBigUInt64LE();
	if (length > BigInt(MAX_HEADER_BYTES)) {
		throw new InputError(`${file}: header of ${length} bytes; at most ${MAX_HEADER_BYTES}`);
	}
	if (length > BigInt(size - LENGTH_BYTES)) {
		throw new InputError(
			`${file}: header of ${length} bytes is longer than its file, which has ${size} bytes; ` +
				'truncated, or no safetensors file'
		);
	}
	const header = new Uint8Array(Number(length));
	await handle.read(header, 0, header.length, LENGTH_BYTES);
	return header;
}

function parseHeader(
	header: Uint8Array,
	file: string,
	dataStart: number,
	dataBytes: number
): TensorEntry[] {
	let text: string;
	let json: unknown;
	try {
		text = new TextDecoder('utf-8', { fatal: true }).decode(header);
		json = JSON.parse(text);
	} catch (error) {
		throw new InputError(`${file}: header is not JSON: ${messageOf(error)}`, { cause: error });
	}
	if (typeof json !== 'object' || json === null || Array.isArray(json)) {
		throw new InputError(`${file}: header is not a JSON object`);
	}
	const twice = duplicateKey(text);
	if (twice !== null) throw new InputError(`${file}: ${twice}: named twice in the header`);

	const entries = Object.entries(json)
		.filter(([name]) => name !== '__metadata__')
		.map(([name, value]) => parseEntry(name, value, file, dataStart, dataBytes))
		.sort((a, b) => a.offset - b.offset || a.byteLength - b.byteLength);
	checkCoverage(entries, file, dataStart, dataBytes);
	return entries;
}

function parseEntry(
	name: string,
	value: unknown,
	file: string,
	dataStart: number,
	dataBytes: number
): TensorEntry {
	const parsed = v.safeParse(entrySchema, value);
	if (!parsed.success) {
		const [issue] = parsed.issues;
		throw new InputError(
			`${file}: ${name}: ${v.getDotPath(issue) ?? 'entry'} is ${issue.received}; ` +
				'expected a dtype, a shape of whole numbers and two data_offsets'
		);
	}
	const { dtype, shape, data_offsets: offsets } = parsed.output;
	if (!isDtype(dtype)) {
		throw new InputError(
			`${file}: ${name}: dtype ${dtype}; supported: ${Object.keys(DTYPE_BYTES).join(', ')}`
		);
	}
	const [begin, end] = offsets;
	if (end < begin) {
		throw new InputError(`${file}: ${name}: ends at byte ${end}, before its begin at ${begin}`);
	}
	if (end > dataBytes) {
		throw new InputError(
			`${file}: ${name}: bytes ${begin} to ${end} run past the end; the file holds ${dataBytes} ` +
				'bytes of data; truncated?'
		);
	}
	const expected = shape.reduce((product, size) => product * size, DTYPE_BYTES[dtype]);
	if (end - begin !== expected) {
		throw new InputError(
			`${file}: ${name}: ${end - begin} bytes; ${dtype} [${shape.join(', ')}] takes ${expected}`
		);
	}
	return { name, dtype, shape, file, offset: dataStart + begin, byteLength: expected };
}

/** Tensors in the order of their offsets must cover the data exactly: no overlap, no hole. */
function checkCoverage(
	entries: readonly TensorEntry[],
	file: string,
	dataStart: number,
	dataBytes: number
): void {
	let covered = dataStart;
	let before = 'the header';
	for (const { name, offset, byteLength } of entries) {
		if (offset < covered) {
			throw new InputError(
				`${file}: ${name}: begins at byte ${offset - dataStart} and overlaps ${before}, ` +
					`which ends at ${covered - dataStart}`
			);
		}
		if (offset > covered) {
			throw new InputError(
				`${file}: ${name}: begins at byte ${offset - dataStart}; ${before} ends at ` +
					`${covered - dataStart}, and no hole is allowed`
			);
		}
		covered = offset + byteLength;
		before = name;
	}
	if (covered !== dataStart + dataBytes) {
		throw new InputError(
			`${file}: ${dataStart + dataBytes - covered} bytes after the last tensor (${before}); expected 0`
		);
	}
}
