import type { QuantisedWeight, TensorEntry } from '../checkpoint/types.ts';
import { widen } from '../checkpoint/widen.ts';
import { decodeBytes } from './bytes.ts';
import { decodeAwq, decodeGptq } from './columns.ts';
import { decodeFp4, decodeTable } from './fourBits.ts';
import { decodePacked } from './packed.ts';
import type { StoredTensor, StoredTensors } from './types.ts';

/** Typed arrays over any element begin at a multiple of this. */
const ALIGNMENT = 8;

/** Where each stored tensor of a weight lies in the bytes that hold all of them, and how many those are. */
export function storedPlaces({ stored }: Pick<QuantisedWeight, 'stored'>): {
	places: [role: string, entry: TensorEntry, at: number][];
	byteLength: number;
} {
	let byteLength = 0;
	const places = Object.entries(stored).map(([role, entry]): [string, TensorEntry, number] => {
		const at = byteLength;
		byteLength += Math.ceil(entry.byteLength / ALIGNMENT) * ALIGNMENT;
		return [role, entry, at];
	});
	return { places, byteLength };
}

/**
 * Writes a weight, whose bytes `WeightReader.read` has read, as float32 into `target` from `offset` on: floats widened,
 * quantised values computed. Throws InputError for values that its format does not allow.
 */
export function widenWeight(
	{ dtype, shape, quantised }: TensorEntry,
	bytes: Uint8Array,
	target: Float32Array,
	offset: number
): void {
	if (quantised === undefined) {
		widen(bytes, dtype, target, offset);
		return;
	}
	const [count, columns] = shape;
	const out = target.subarray(offset, offset + count * columns);
	decode(quantised, splitStored(quantised, bytes), count, columns, out);
}

function splitStored(weight: QuantisedWeight, bytes: Uint8Array): StoredTensors {
	const found: Record<string, StoredTensor> = {};
	for (const [role, { name, dtype, shape, byteLength }, at] of storedPlaces(weight).places)
		found[role] = { name, dtype, shape, bytes: bytes.subarray(at, at + byteLength) };
	return found;
}

function decode(
	{ format, firstRow: first, rows: total }: QuantisedWeight,
	stored: StoredTensors,
	count: number,
	columns: number,
	out: Float32Array
): void {
	const rows = { first, count, columns, total };
	switch (format.kind) {
		case 'bytes':
			return decodeBytes(stored, format, rows, out);
		case 'packed':
			return decodePacked(stored, format, rows, out);
		case 'gptq':
			return decodeGptq(stored, format, rows, out);
		case 'awq':
			return decodeAwq(stored, rows, out);
		case 'fp4':
			return decodeFp4(stored, format, rows, out);
		case 'table':
			return decodeTable(stored, format, rows, out);
	}
}
