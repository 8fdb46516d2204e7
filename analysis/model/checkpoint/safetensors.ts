import { open, type FileHandle } from 'node:fs/promises';
import * as v from 'valibot';
import { InputError, messageOf } from '../../errors.ts';
import { impostorAt } from '../../edge/impostorAt.ts';
import { checkPlainFile } from '../../edge/json.ts';
import { parseJson } from '../../edge/parseJson.ts';
import { parseOrNull, parseUntrusted } from '../../edge/parse.ts';
import { quoted } from '../../edge/quote.ts';
import { duplicateKey } from './duplicates.ts';
import type { Dtype, TensorEntry } from './types.ts';

/** 25 MB: the reference implementation allows 100 MB; the header of a model of 126 layers has 0.2 MB. */
export const MAX_HEADER_BYTES = 25_000_000;
/** The largest mixtures of experts have some 100,000 tensors in all of their files. */
const MAX_TENSORS = 200_000;
/** Weights have two dimensions at most, convolutions five. */
const MAX_DIMENSIONS = 64;

/** Bytes before the header: its length, an unsigned 64-bit little-endian integer. */
const LENGTH_BYTES = 8;
/** Key of the file's own metadata in the header; all other keys name tensors. */
const METADATA = '__metadata__';

/** Bits of an element by type, as the reference implementation lists them. */
const DTYPE_BITS = new Map([
	...['F4'].map((name) => [name, 4] as const),
	...['F6_E2M3', 'F6_E3M2'].map((name) => [name, 6] as const),
	...['BOOL', 'U8', 'I8', 'F8_E5M2', 'F8_E4M3', 'F8_E8M0', 'F8_E4M3FNUZ', 'F8_E5M2FNUZ'].map(
		(name) => [name, 8] as const
	),
	...['I16', 'U16', 'F16', 'BF16'].map((name) => [name, 16] as const),
	...['I32', 'U32', 'F32'].map((name) => [name, 32] as const),
	...['C64', 'F64', 'I64', 'U64'].map((name) => [name, 64] as const)
]);

const READ_BYTES: Record<Dtype, number> = { F32: 4, F16: 2, BF16: 2 };
/** Types of weights that the engine reads. */
export const READ_DTYPES = Object.keys(READ_BYTES);

export function isReadDtype(dtype: string): dtype is Dtype {
	return Object.hasOwn(READ_BYTES, dtype);
}

/** Bytes of an element. */
export function dtypeBytes(dtype: Dtype): number {
	return READ_BYTES[dtype];
}

const size = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const entrySchema = v.object({
	dtype: v.string(),
	shape: v.pipe(v.array(v.unknown()), v.maxLength(MAX_DIMENSIONS), v.array(size)),
	data_offsets: v.strictTuple([size, size])
});
// Not v.record, which passes over keys as __proto__ with whatever they have.
const metadataSchema = v.custom<object>(
	(value) =>
		typeof value === 'object' &&
		value !== null &&
		!Array.isArray(value) &&
		Object.values(value).every((each) => typeof each === 'string')
);

/**
 * The tensors of a safetensors file, in the order of their bytes; only its header is read.
 * Throws InputError, naming file, tensor, value found and limit, for anything the format does not allow
 * (https://github.com/huggingface/safetensors#format), and says what the file is where it is something else.
 */
export async function readSafetensorsHeader(file: string): Promise<TensorEntry[]> {
	let handle: FileHandle | null = null;
	try {
		await checkPlainFile(file);
		// A safetensors file begins with a small number; what begins with text or another format's mark is none.
		const impostor = await impostorAt(file);
		if (impostor !== null) throw new InputError(`${file}: ${impostor}`);
		handle = await open(file);
		const { size } = await handle.stat();
		const header = await headerBytes(handle, size, file);
		const dataStart = LENGTH_BYTES + header.length;
		return parseHeader(header, file, dataStart, size - dataStart);
	} catch (error) {
		if (error instanceof InputError) throw error;
		throw new InputError(`${file}: cannot be read: ${quoted(messageOf(error))}`, { cause: error });
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
	try {
		// A byte order mark is no JSON: the reference implementation refuses it, so it must not be passed over.
		text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(header);
	} catch (error) {
		throw new InputError(`${file}: header: not JSON: ${quoted(messageOf(error))}`, {
			cause: error
		});
	}
	const json = parseJson(text, `${file}: header`);
	if (typeof json !== 'object' || json === null || Array.isArray(json)) {
		throw new InputError(`${file}: header is not a JSON object`);
	}
	const twice = duplicateKey(text);
	if (twice !== null) throw new InputError(`${file}: ${quoted(twice)}: named twice in the header`);
	const named = new Map<string, unknown>(Object.entries(json));
	const metadata = named.get(METADATA);
	if (parseOrNull(metadataSchema, metadata ?? {}) === null) {
		throw new InputError(
			`${file}: ${METADATA} is not an object of strings; not a safetensors file`
		);
	}
	named.delete(METADATA);
	if (named.size > MAX_TENSORS) {
		throw new InputError(`${file}: ${named.size} tensors; at most ${MAX_TENSORS} are allowed`);
	}

	const entries = [...named]
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
	const where = `${file}: ${quoted(name)}`;
	const { dtype, shape, data_offsets: offsets } = parseUntrusted(entrySchema, value, where);
	const bits = DTYPE_BITS.get(dtype);
	if (bits === undefined) {
		throw new InputError(
			`${where}: dtype ${quoted(dtype)}; a safetensors file has ${[...DTYPE_BITS.keys()].join(', ')}`
		);
	}
	const [begin, end] = offsets;
	if (end < begin) {
		throw new InputError(`${where}: ends at byte ${end}, before its begin at ${begin}`);
	}
	if (end > dataBytes) {
		throw new InputError(
			`${where}: bytes ${begin} to ${end} run past the end; the file holds ${dataBytes} ` +
				'bytes of data; truncated?'
		);
	}
	const expected = bytesOf(shape, bits);
	if (end - begin !== expected) {
		throw new InputError(
			`${where}: ${end - begin} bytes; ${dtype} [${shape.join(', ')}] takes ${expected ?? 'more than can be counted'}`
		);
	}
	return { name, dtype, shape, file, offset: dataStart + begin, byteLength: expected };
}

/** Bytes of a tensor; null: more than can be counted, though a dimension may be 0. */
function bytesOf(shape: readonly number[], bits: number): number | null {
	let product = bits;
	for (const size of shape) {
		product *= size;
		if (!Number.isSafeInteger(product)) return null;
	}
	return product / 8;
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
				`${file}: ${quoted(name)}: begins at byte ${offset - dataStart} and overlaps ${before}, ` +
					`which ends at ${covered - dataStart}`
			);
		}
		if (offset > covered) {
			throw new InputError(
				`${file}: ${quoted(name)}: begins at byte ${offset - dataStart}; ${before} ends at ` +
					`${covered - dataStart}, and no hole is allowed`
			);
		}
		covered = offset + byteLength;
		before = quoted(name);
	}
	if (covered !== dataStart + dataBytes) {
		throw new InputError(
			`${file}: ${dataStart + dataBytes - covered} bytes after the last tensor (${before}); expected 0`
		);
	}
}
