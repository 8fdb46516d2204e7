import { open, stat } from 'node:fs/promises';
import { GGMLQuantizationType, gguf } from '@huggingface/gguf';
import { checkPlainFile } from '../../edge/json.ts';
import { quoted } from '../../edge/quote.ts';
import { InputError, messageOf } from '../../errors.ts';
import { exists } from '../checkpoint/files.ts';
import { isReadDtype, dtypeBytes } from '../checkpoint/safetensors.ts';
import { blockOf } from './dequantise.ts';
import { readTokens, TOKENS_KEY } from './tokens.ts';

/** First characters of every GGUF file. */
const MAGIC = 'GGUF';
/** The largest mixtures of experts have some thousands. */
const MAX_TENSORS = 100_000;

const DEFAULT_ALIGNMENT = 32;

/** A value of a file's metadata, as the format has them. */
export type MetadataValue = string | number | bigint | boolean | MetadataValue[];

/** A tensor under its name in the file. */
export interface GgufTensor {
	name: string;
	/** "F32", "Q4_K", … as the format names it. */
	dtype: string;
	/** Slowest dimension first, as PyTorch has it; the file itself has it the other way around. */
	shape: number[];
	/** Byte offset from the start of the file. */
	offset: number;
	/** null: of a type that is not read. */
	byteLength: number | null;
}

export interface GgufHeader {
	metadata: ReadonlyMap<string, MetadataValue>;
	tensors: GgufTensor[];
}

/** Returns true if a file begins as GGUF does, whatever its name: Ollama's blobs have no suffix. */
export async function isGguf(file: string): Promise<boolean> {
	const found = await stat(file).catch(() => null);
	if (found?.isFile() !== true) return false;
	const handle = await open(file).catch(() => null);
	if (handle === null) return false;
	try {
		const head = Buffer.alloc(MAGIC.length);
		await handle.read(head, 0, MAGIC.length, 0);
		return head.toString('latin1') === MAGIC;
	} finally {
		await handle.close();
	}
}

/**
 * Metadata and tensors of a GGUF file (https://github.com/ggml-org/ggml/blob/master/docs/gguf.md); no weights are
 * read. Throws InputError that names file and tensor where the file does not hold what its header says.
 */
export async function readGgufHeader(file: string): Promise<GgufHeader> {
	const where = quoted(file);
	if (!(await exists(file)))
		throw new InputError(
			`${where}: no such file; a part of a model that was not downloaded whole?`
		);
	await checkPlainFile(file);
	const { size } = await stat(file);
	const read = await parsed(file, where);
	const start = Number(read.tensorDataOffset);
	const tensors = read.tensorInfos.map(({ name, shape, dtype, offset }) => {
		const sizes = shape.map(Number).reverse();
		const type = GGMLQuantizationType[dtype];
		const byteLength = bytesOf(sizes, type);
		const at = start + Number(offset);
		if (byteLength === undefined || !Number.isSafeInteger(at)) {
			throw new InputError(
				`${where}: ${quoted(name)}: ${type} [${sizes.join(', ')}] does not come out in whole blocks`
			);
		}
		if (at + (byteLength ?? 0) > size) {
			throw new InputError(
				`${where}: ${quoted(name)}: ends at byte ${at + (byteLength ?? 0)}; the file has ${size}; truncated?`
			);
		}
		return { name, dtype: type, shape: sizes, offset: at, byteLength };
	});
	if (new Set(tensors.map(({ name }) => name)).size < tensors.length) {
		throw new InputError(`${where}: has two tensors of one name`);
	}
	const metadata = new Map(Object.entries(read.metadata) as [string, MetadataValue][]);
	checkPlaces(tensors, start, alignmentOf(metadata), where);
	const tokens = await readTokens(file, start);
	if (tokens !== null) metadata.set(TOKENS_KEY, tokens);
	return { metadata, tensors };
}

/**
 * Throws InputError where a tensor does not begin where the one before it ends, as llama.cpp has it: two of them would
 * share bytes, or some would belong to none.
 */
function checkPlaces(
	tensors: readonly GgufTensor[],
	start: number,
	alignment: number,
	where: string
): void {
	let expected: number | null = start;
	for (const { name, offset, byteLength } of tensors) {
		if (expected !== null && offset !== expected) {
			throw new InputError(
				`${where}: ${quoted(name)}: begins at byte ${offset}; expected ${expected}, where the tensor before it ends`
			);
		}
		// After a type that is not read nobody knows.
		expected = byteLength === null ? null : offset + Math.ceil(byteLength / alignment) * alignment;
	}
}

function alignmentOf(metadata: ReadonlyMap<string, MetadataValue>): number {
	const alignment = Number(metadata.get('general.alignment') ?? DEFAULT_ALIGNMENT);
	return Number.isInteger(alignment) && alignment > 0 ? alignment : DEFAULT_ALIGNMENT;
}

async function parsed(file: string, where: string) {
	let read: Awaited<ReturnType<typeof gguf>>;
	try {
		read = await gguf(file, { allowLocalFile: true });
	} catch (error) {
		throw new InputError(`${where}: not a usable GGUF file: ${quoted(messageOf(error))}`, {
			cause: error
		});
	}
	if (!read.littleEndian) throw new InputError(`${where}: big-endian; expected little-endian`);
	if (read.tensorInfos.length > MAX_TENSORS) {
		throw new InputError(`${where}: ${read.tensorInfos.length} tensors; at most ${MAX_TENSORS}`);
	}
	return read;
}

/** Bytes of a tensor; null: of a type that is not read; undefined: its rows are not whole blocks. */
function bytesOf(shape: readonly number[], dtype: string): number | null | undefined {
	const elements = shape.reduce((product, size) => product * size, 1);
	if (!Number.isSafeInteger(elements)) return undefined;
	if (isReadDtype(dtype)) return elements * dtypeBytes(dtype);
	const block = blockOf(dtype);
	if (block === null) return null;
	const row = shape[shape.length - 1] ?? 1;
	return row % block.values === 0 ? (elements / block.values) * block.bytes : undefined;
}
