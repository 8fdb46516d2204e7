import { open, type FileHandle } from 'node:fs/promises';

/** Tensors of fewer bytes are kept: the shapes, axes and scalars that a graph is understood by. */
const KEPT_BYTES = 4096;
/** A graph without its weights takes a few MB; what takes more is none. */
const MAX_SKIMMED_BYTES = 256_000_000;
/** Read at a time. */
const CHUNK_BYTES = 65_536;

/** 64 bits, seven a byte. */
const MAX_VARINT_BYTES = 10;

/** Treatment of the large fields of a message, by their numbers in onnx.proto; the others are kept. */
interface Skimming {
	/** Messages that are skimmed in turn. */
	into: Map<number, Skimming>;
	left: readonly number[];
}

/** float_data, int32_data, string_data, int64_data, raw_data, double_data, uint64_data. */
const TENSOR: Skimming = { into: new Map(), left: [4, 5, 6, 7, 9, 10, 11] };
const GRAPH: Skimming = { into: new Map(), left: [] };
const ATTRIBUTE: Skimming = {
	into: new Map([
		[5, TENSOR],
		[6, GRAPH]
	]),
	left: []
};
const NODE: Skimming = { into: new Map([[5, ATTRIBUTE]]), left: [] };
GRAPH.into.set(1, NODE).set(5, TENSOR);
const MODEL: Skimming = { into: new Map([[7, GRAPH]]), left: [] };

/**
 * A ModelProto without the values of its large tensors, which are not read: a few MB of a file of any size. Throws
 * Error where the file is cut short or of another kind.
 */
export async function skimProto(path: string): Promise<Uint8Array> {
	const file = await open(path);
	try {
		const { size } = await file.stat();
		return await skim(new FileCursor(file, size), size, MODEL);
	} finally {
		await file.close();
	}
}

/** The message that ends at `end`, in protobuf's wire format (https://protobuf.dev/programming-guides/encoding). */
async function skim(cursor: FileCursor, end: number, skimming: Skimming): Promise<Uint8Array> {
	const pieces: Uint8Array[] = [];
	while (cursor.position < end) {
		const tag = await cursor.varint();
		const body = await skimField(cursor, tag.value, end, skimming);
		if (body !== null) pieces.push(tag.bytes, ...body);
	}
	return Buffer.concat(pieces);
}

/** Reads the bytes that follow a field's tag; null: the field is left out. */
async function skimField(
	cursor: FileCursor,
	tag: number,
	end: number,
	{ into, left }: Skimming
): Promise<Uint8Array[] | null> {
	const [field, wire] = [tag >>> 3, tag & 7];
	if (wire === 0) return [(await cursor.varint()).bytes];
	if (wire === 1 || wire === 5) return [await cursor.take(wire === 1 ? 8 : 4)];
	if (wire !== 2) throw new Error(`wire type ${wire}`);
	const { value: length, bytes } = await cursor.varint();
	if (cursor.position + length > end) throw new Error('a field ends beyond its message');
	const large = length > KEPT_BYTES;
	if (large && left.includes(field)) {
		cursor.skip(length);
		return null;
	}
	const inner = into.get(field);
	if (!large || inner === undefined) return [bytes, await cursor.take(length)];
	const skimmed = await skim(cursor, cursor.position + length, inner);
	return [varintOf(skimmed.length), skimmed];
}

function varintOf(value: number): Uint8Array {
	const bytes: number[] = [];
	for (let rest = value; ; rest = Math.floor(rest / 128)) {
		bytes.push(rest < 128 ? rest : (rest % 128) + 128);
		if (rest < 128) return Uint8Array.from(bytes);
	}
}

/** A place in a file, from which a little is read at a time. */
class FileCursor {
	position = 0;
	readonly #file: FileHandle;
	readonly #size: number;
	#chunk = new Uint8Array();
	/** Offset of the chunk in the file, in bytes. */
	#start = 0;
	#taken = 0;

	constructor(file: FileHandle, size: number) {
		this.#file = file;
		this.#size = size;
	}

	skip(length: number): void {
		this.position += length;
	}

	/** The next bytes. Throws Error past the end of the file, and where they are more than a graph has. */
	async take(length: number): Promise<Uint8Array> {
		if (this.position + length > this.#size) throw new Error('it ends too early');
		this.#taken += length;
		if (this.#taken > MAX_SKIMMED_BYTES) throw new Error(`no graph of ${this.#taken} bytes`);
		const at = this.position - this.#start;
		this.position += length;
		if (at >= 0 && at + length <= this.#chunk.length) return this.#chunk.slice(at, at + length);
		const chunk = new Uint8Array(Math.max(length, CHUNK_BYTES));
		this.#start = this.position - length;
		const { bytesRead } = await this.#file.read(chunk, 0, chunk.length, this.#start);
		if (bytesRead < length) throw new Error('it ends too early');
		this.#chunk = chunk.subarray(0, bytesRead);
		return this.#chunk.slice(0, length);
	}

	async varint(): Promise<{ value: number; bytes: Uint8Array }> {
		const bytes: number[] = [];
		let value = 0;
		for (;;) {
			const [byte] = await this.take(1);
			value += (byte & 127) * 128 ** bytes.length;
			bytes.push(byte);
			if (byte < 128) return { value, bytes: Uint8Array.from(bytes) };
			if (bytes.length === MAX_VARINT_BYTES) throw new Error('a number without end');
		}
	}
}
