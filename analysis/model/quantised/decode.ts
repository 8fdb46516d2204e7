import type { QuantisedWeight, TensorEntry } from '../checkpoint/types.ts';
import { widen } from '../checkpoint/widen.ts';
import { pickedBytes } from '../checkpoint/pick.ts';
import { decodeBytes } from './bytes.ts';
import { decodeAwq, decodeGptq } from './columns.ts';
import { decodeFp4, decodeTable } from './fourBits.ts';
import { decodePacked } from './packed.ts';
import type { StoredTensor, StoredTensors } from './types.ts';

/** Typed arrays over any element begin at a multiple of this. */
const ALIGNMENT = 8;

/** Computes the byte offset of each stored tensor of a weight in a buffer of them all, and the buffer's length. */
export function storedPlaces({ stored }: Pick<QuantisedWeight, 'stored'>): {
	places: [role: string, entry: TensorEntry, at: number][];
	byteLength: number;
} {
	let byteLength = 0;
	const places = Object.entries(stored).map(([role, entry]): [string, TensorEntry, number] => {
		const at = byteLength;
		byteLength += aligned(entry.byteLength);
		return [role, entry, at];
	});
	return { places, byteLength };
}

/**
 * Writes a weight, whose bytes `WeightReader.read` has read, as float32 into `target` from `offset` on: floats widened,
 * quantised values computed. Throws InputError for values that its format does not allow.
 */
export function widenWeight(
	{ dtype, shape, quantised, pieces }: TensorEntry,
	bytes: Uint8Array,
	target: Float32Array,
	offset: number
): void {
	if (pieces !== undefined) {
		widenPieces(pieces, shape, bytes, target, offset);
		return;
	}
	if (quantised === undefined) {
		widen(bytes, dtype, target, offset);
		return;
	}
	const [count, columns] = shape;
	const out = target.subarray(offset, offset + count * columns);
	decode(quantised, splitStored(quantised, bytes), count, columns, out);
}

/** Bytes that a weight's own take in memory, its pieces one after the other. */
export function readBytes(entry: TensorEntry): number {
	if (entry.pieces !== undefined) {
		return entry.pieces.entries.reduce((sum, piece) => sum + aligned(readBytes(piece)), 0);
	}
	if (entry.quantised !== undefined) return storedPlaces(entry.quantised).byteLength;
	return entry.pick === undefined ? entry.byteLength : pickedBytes(entry, entry.pick);
}

/** Bytes up to the next place where a typed array may begin. */
export function aligned(byteLength: number): number {
	return Math.ceil(byteLength / ALIGNMENT) * ALIGNMENT;
}

/** Pieces one below the other, or side by side. */
function widenPieces(
	{ entries, join }: NonNullable<TensorEntry['pieces']>,
	[, width = 1]: readonly number[],
	bytes: Uint8Array,
	target: Float32Array,
	offset: number
): void {
	let [at, to] = [0, offset];
	for (const piece of entries) {
		const length = readBytes(piece);
		const own = bytes.subarray(at, at + length);
		at += aligned(length);
		const [rows, columns = 1] = piece.shape;
		if (join === 'rows') {
			widenWeight(piece, own, target, to);
			to += rows * columns;
			continue;
		}
		const values = new Float32Array(rows * columns);
		widenWeight(piece, own, values, 0);
		for (let row = 0; row < rows; row++)
			target.set(values.subarray(row * columns, (row + 1) * columns), to + row * width);
		to += columns;
	}
}

function splitStored(weight: QuantisedWeight, bytes: Uint8Array): StoredTensors {
	const found: Record<string, StoredTensor> = {};
	for (const [role, { name, dtype, shape, byteLength }, at] of storedPlaces(weight).places)
		found[role] = { name, dtype, shape, bytes: bytes.subarray(at, at + byteLength) };
	const { values, scales, ...others } = found;
	return { values, scales, ...others };
}

function decode(
	{ format, firstRow: first, rowStep: step, rows: total }: QuantisedWeight,
	stored: StoredTensors,
	count: number,
	columns: number,
	out: Float32Array
): void {
	const rows = { first, step, count, columns, total };
	switch (format.kind) {
		case 'bytes':
			decodeBytes(stored, format, rows, out);
			break;
		case 'packed':
			decodePacked(stored, format, rows, out);
			break;
		case 'gptq':
			decodeGptq(stored, format, rows, out);
			break;
		case 'awq':
			decodeAwq(stored, rows, out);
			break;
		case 'fp4':
			decodeFp4(stored, format, rows, out);
			break;
		case 'table':
			decodeTable(stored, format, rows, out);
	}
}
