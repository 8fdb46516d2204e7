import { open } from 'node:fs/promises';
import { GGUFValueType, serializeGgufMetadata, type GGUFTypedMetadata } from '@huggingface/gguf';
import { writeAll } from '../write.ts';

/** Tensors begin at multiples of this (general.alignment where a file says nothing). */
const ALIGNMENT = 32;

/** A value of the metadata with its type, as @huggingface/gguf has them. */
export type TypedValue = GGUFTypedMetadata[string];

export interface GgufTensor {
	name: string;
	/** ggml's number of its type. */
	type: number;
	/** Slowest dimension first. */
	shape: readonly number[];
	byteLength: number;
	/** Its bytes in order; a piece is only valid until the next is asked for. */
	bytes: () => AsyncIterable<Uint8Array>;
}

/**
 * Writes a GGUF file, version 3 (https://github.com/ggml-org/ggml/blob/master/docs/gguf.md), in a stream. `onProgress`
 * is called with the fraction of the weights that is written.
 */
export async function writeGguf(
	path: string,
	metadata: ReadonlyMap<string, TypedValue>,
	tensors: readonly GgufTensor[],
	onProgress: (fraction: number) => void
): Promise<void> {
	const entries = serializeGgufMetadata(
		{
			...Object.fromEntries(metadata),
			version: { value: 3, type: GGUFValueType.UINT32 },
			tensor_count: { value: BigInt(tensors.length), type: GGUFValueType.UINT64 },
			kv_count: { value: BigInt(metadata.size), type: GGUFValueType.UINT64 }
		},
		// Nothing is to stand between the metadata and what follows on tensors.
		{ alignment: 1 }
	);
	let end = 0;
	const infos = tensors.map(({ name, type, shape, byteLength }) => {
		const info = tensorInfo(name, type, shape, end);
		end += padded(byteLength);
		return info;
	});
	const header = Buffer.concat([entries, ...infos]);
	const start = padded(header.length);
	const file = await open(path, 'wx');
	try {
		await writeAll(file, header, 0);
		let begin = start;
		for (const { byteLength, bytes } of tensors) {
			let position = begin;
			for await (const piece of bytes()) {
				await writeAll(file, piece, position);
				position += piece.byteLength;
			}
			begin += padded(byteLength);
			onProgress((begin - start) / end);
		}
		// The last tensor's padding belongs to the file too.
		await file.truncate(begin);
		await file.sync();
	} finally {
		await file.close();
	}
}

function padded(length: number): number {
	return Math.ceil(length / ALIGNMENT) * ALIGNMENT;
}

/** Name, dimensions (fastest first), type and place of a tensor. */
function tensorInfo(name: string, type: number, shape: readonly number[], offset: number): Buffer {
	const text = Buffer.from(name, 'utf8');
	const bytes = Buffer.alloc(8 + text.length + 4 + 8 * shape.length + 4 + 8);
	let at = bytes.writeBigUInt64LE(BigInt(text.length), 0);
	at += text.copy(bytes, at);
	at = bytes.writeUInt32LE(shape.length, at);
	for (const size of shape.toReversed()) at = bytes.writeBigUInt64LE(BigInt(size), at);
	at = bytes.writeUInt32LE(type, at);
	bytes.writeBigUInt64LE(BigInt(offset), at);
	return bytes;
}
