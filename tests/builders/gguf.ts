import { writeFile } from 'node:fs/promises';

/** A value of a GGUF file's metadata under the type that it is written with. */
export type GgufValue =
	| { u32: number }
	| { f32: number }
	| { bool: boolean }
	| { text: string }
	| { texts: readonly string[] }
	| { i32s: readonly number[] }
	| { f32s: readonly number[] };

export interface GgufTensorBytes {
	name: string;
	/** ggml's number of the type: 0 is F32, 8 is Q8_0. */
	type: number;
	/** Slowest dimension first. */
	shape: readonly number[];
	bytes: Uint8Array;
	/** Said in place of where it lies, from the first tensor's beginning. */
	offset?: number;
}

const ALIGNMENT = 32;

/** Writes a GGUF file, version 3 (https://github.com/ggml-org/ggml/blob/master/docs/gguf.md). */
export async function writeGguf(
	file: string,
	metadata: Readonly<Record<string, GgufValue>>,
	tensors: readonly GgufTensorBytes[]
): Promise<string> {
	const head: Buffer[] = [Buffer.from('GGUF'), u32(3), u64(tensors.length)];
	head.push(u64(Object.keys(metadata).length));
	for (const [key, value] of Object.entries(metadata)) head.push(text(key), valueBytes(value));
	let offset = 0;
	for (const { name, type, shape, bytes, offset: said } of tensors) {
		head.push(text(name), u32(shape.length), ...[...shape].reverse().map(u64), u32(type));
		head.push(u64(said ?? offset));
		offset += padded(bytes.length);
	}
	const header = Buffer.concat(head);
	const data = tensors.flatMap(({ bytes }) => [
		bytes,
		Buffer.alloc(padded(bytes.length) - bytes.length)
	]);
	await writeFile(
		file,
		Buffer.concat([header, Buffer.alloc(padded(header.length) - header.length), ...data])
	);
	return file;
}

const padded = (length: number) => Math.ceil(length / ALIGNMENT) * ALIGNMENT;

function valueBytes(value: GgufValue): Buffer {
	if ('u32' in value) return Buffer.concat([u32(4), u32(value.u32)]);
	if ('f32' in value) return Buffer.concat([u32(6), f32(value.f32)]);
	if ('bool' in value) return Buffer.concat([u32(7), Buffer.from([value.bool ? 1 : 0])]);
	if ('text' in value) return Buffer.concat([u32(8), text(value.text)]);
	if ('texts' in value) return list(8, value.texts.map(text));
	if ('i32s' in value) return list(5, value.i32s.map(u32));
	return list(6, value.f32s.map(f32));
}

const list = (type: number, items: Buffer[]) =>
	Buffer.concat([u32(9), u32(type), u64(items.length), ...items]);

function u32(value: number): Buffer {
	const bytes = Buffer.alloc(4);
	bytes.writeUInt32LE(value);
	return bytes;
}

function f32(value: number): Buffer {
	const bytes = Buffer.alloc(4);
	bytes.writeFloatLE(value);
	return bytes;
}

function u64(value: number): Buffer {
	const bytes = Buffer.alloc(8);
	bytes.writeBigUInt64LE(BigInt(value));
	return bytes;
}

function text(value: string): Buffer {
	const bytes = Buffer.from(value, 'utf8');
	return Buffer.concat([u64(bytes.length), bytes]);
}
