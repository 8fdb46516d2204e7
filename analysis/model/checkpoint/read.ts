import { open, type FileHandle } from 'node:fs/promises';
import { InputError } from '../../errors.ts';
import { pickedBytes, pickFrom } from './pick.ts';
import type { QuantisedWeight, TensorEntry } from './types.ts';
import { aligned, readBytes, storedPlaces, widenWeight } from '../quantised/decode.ts';
import { widen } from './widen.ts';

/** 1 GiB: a single read of 2 GiB or more fails on Linux, where it is cut short without an error. */
const MAX_READ_BYTES = 2 ** 30;

/** 8 MiB: pieces in which a tensor that is only hashed goes through memory. */
const CHUNK_BYTES = 2 ** 23;

/** 64 KiB: reading that much for nothing costs less than one more read. */
const MAX_GAP_BYTES = 2 ** 16;

/**
 * Reads weights by position. A read is one job for Node's thread pool, so that several that were started
 * before a blocking call are done when it returns: start `read`s, compute, await them, `widen`.
 * Buffers given back with `release` are used again.
 */
export class WeightReader {
	readonly #files = new Map<string, Promise<FileHandle>>();
	readonly #free: ArrayBuffer[] = [];

	/**
	 * The bytes of a tensor as they are on disk, rows in transformers' order and its own alone where it lies within a
	 * larger one, in a buffer that belongs to the caller until released. Of a quantised weight, the bytes of all tensors that
	 * it is computed from, for `widenWeight`.
	 */
	async read(entry: TensorEntry): Promise<Uint8Array> {
		if (entry.pieces !== undefined) return this.#readPieces(entry);
		if (entry.quantised !== undefined) return this.#readStored(entry.quantised);
		const bytes = this.#take(entry.byteLength);
		await this.#fill(entry, 0, bytes);
		const { pick, interleavedHeads } = entry;
		if (pick === undefined && interleavedHeads === undefined) return bytes;
		const ordered = this.#take(pick === undefined ? bytes.length : pickedBytes(entry, pick));
		if (pick !== undefined) pickFrom(bytes, ordered, entry.shape, pick);
		else if (interleavedHeads !== undefined)
			deinterleave(bytes, ordered, entry.shape[0], interleavedHeads);
		this.release(bytes);
		return ordered;
	}

	/** Gives a buffer from `read` back for later reads; it must not be used any more. */
	release(bytes: Uint8Array): void {
		if (bytes.buffer instanceof ArrayBuffer) this.#free.push(bytes.buffer);
	}

	/** Reads a tensor and widens it to float32 into `target`, from element `targetOffset` on. */
	async readInto(entry: TensorEntry, target: Float32Array, targetOffset: number): Promise<void> {
		const bytes = await this.read(entry);
		widenWeight(entry, bytes, target, targetOffset);
		this.release(bytes);
	}

	/**
	 * Rows of a matrix [rows, columns] as float32 [row numbers, columns], in the order asked for and without
	 * reading the rest of the matrix; near rows are read together.
	 */
	async readRows(entry: TensorEntry, rows: readonly number[]): Promise<Float32Array<ArrayBuffer>> {
		const [height = 0, columns = 0] = entry.shape;
		const outside = rows.find((row) => !(Number.isInteger(row) && row >= 0 && row < height));
		if (entry.shape.length !== 2 || outside !== undefined) {
			throw new RangeError(`${entry.name} [${entry.shape.join(', ')}] has no row ${outside ?? 0}`);
		}
		const rowBytes = entry.byteLength / height;
		const target = new Float32Array(rows.length * columns);
		const order = rows.map((row, at) => ({ row, at })).sort((a, b) => a.row - b.row);
		for (let next = 0; next < order.length;) {
			const run = nearRows(order, next, rowBytes);
			next += run.length;
			const first = run[0].row;
			const last = run[run.length - 1].row;
			const bytes = this.#take((last - first + 1) * rowBytes);
			await this.#fill(entry, first * rowBytes, bytes);
			for (const { row, at } of run) {
				const start = (row - first) * rowBytes;
				widen(bytes.subarray(start, start + rowBytes), entry.dtype, target, at * columns);
			}
			this.release(bytes);
		}
		return target;
	}

	/** The bytes of a tensor in order, a few MiB at a time; a piece is only valid until the next is asked for. */
	async *chunks(entry: TensorEntry): AsyncGenerator<Uint8Array> {
		const buffer = this.#take(Math.min(CHUNK_BYTES, entry.byteLength));
		for (let at = 0; at < entry.byteLength; at += CHUNK_BYTES) {
			const piece = buffer.subarray(0, Math.min(CHUNK_BYTES, entry.byteLength - at));
			await this.#fill(entry, at, piece);
			yield piece;
		}
		this.release(buffer);
	}

	/** Closes the files. Reads under way must have ended. */
	async close(): Promise<void> {
		const files = [...this.#files.values()];
		this.#files.clear();
		this.#free.length = 0;
		for (const file of await Promise.allSettled(files)) {
			if (file.status === 'fulfilled') await file.value.close();
		}
	}

	async #readPieces(entry: TensorEntry): Promise<Uint8Array> {
		const bytes = this.#take(readBytes(entry));
		let at = 0;
		for (const piece of entry.pieces?.entries ?? []) {
			const own = await this.read(piece);
			bytes.set(own, at);
			at += aligned(own.length);
			this.release(own);
		}
		return bytes;
	}

	async #readStored(weight: QuantisedWeight): Promise<Uint8Array> {
		const { places, byteLength } = storedPlaces(weight);
		const bytes = this.#take(byteLength);
		await Promise.all(
			places.map(([, entry, at]) => this.#fill(entry, 0, bytes.subarray(at, at + entry.byteLength)))
		);
		return bytes;
	}

	/** A buffer of that length: the smallest free one that holds it, unless it is more than twice as large. */
	#take(byteLength: number): Uint8Array<ArrayBuffer> {
		let best: ArrayBuffer | null = null;
		for (const buffer of this.#free) {
			const size = buffer.byteLength;
			const fits = size >= byteLength && size <= 2 * byteLength;
			if (fits && (best === null || size < best.byteLength)) best = buffer;
		}
		if (best === null) return new Uint8Array(byteLength);
		this.#free.splice(this.#free.indexOf(best), 1);
		return new Uint8Array(best, 0, byteLength);
	}

	/** Fills `bytes` from the tensor's byte `start` on. */
	async #fill(entry: TensorEntry, start: number, bytes: Uint8Array): Promise<void> {
		const file = await this.#file(entry.file);
		for (let done = 0; done < bytes.length;) {
			const length = Math.min(MAX_READ_BYTES, bytes.length - done);
			const { bytesRead } = await file.read(bytes, done, length, entry.offset + start + done);
			if (bytesRead === 0) {
				throw new InputError(
					`${entry.file}: ${entry.name}: ends ${bytes.length - done} bytes early; ` +
						'the file was cut short while it was being read'
				);
			}
			done += bytesRead;
		}
	}

	#file(path: string): Promise<FileHandle> {
		const known = this.#files.get(path);
		if (known !== undefined) return known;
		const opening = open(path);
		this.#files.set(path, opening);
		return opening;
	}
}

/**
 * Rows [heads, pairs, 2] as [heads, 2, pairs]: the first half of a head's rows, then the second, where the file has
 * them in turn.
 */
function deinterleave(from: Uint8Array, to: Uint8Array, rows: number, heads: number): void {
	const rowBytes = from.length / rows;
	const pairs = rows / heads / 2;
	for (let head = 0; head < heads; head++) {
		for (let half = 0; half < 2; half++) {
			for (let pair = 0; pair < pairs; pair++) {
				const at = (2 * (head * pairs + pair) + half) * rowBytes;
				const row = 2 * head * pairs + half * pairs + pair;
				to.set(from.subarray(at, at + rowBytes), row * rowBytes);
			}
		}
	}
}

type RowAt = { row: number; at: number };

/** Rows of `order` (sorted) from `from` on that are worth one read together. */
function nearRows(order: readonly RowAt[], from: number, rowBytes: number): RowAt[] {
	let end = from + 1;
	const first = order[from].row;
	for (; end < order.length; end++) {
		const { row } = order[end];
		const gap = (row - order[end - 1].row - 1) * rowBytes;
		if (gap > MAX_GAP_BYTES || (row - first + 1) * rowBytes > CHUNK_BYTES) break;
	}
	return order.slice(from, end);
}
