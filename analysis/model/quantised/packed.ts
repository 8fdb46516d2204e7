import type { QuantisedFormat } from '../checkpoint/types.ts';
import { valuesOf, wordsOf } from './floats.ts';
import { groupOf } from './groups.ts';
import type { Rows, StoredTensors } from './types.ts';

/** Value number `index` of `bits` bits each in a run of bytes, little end first; it may lie in two of them. */
function bitsAt(bytes: Uint8Array, start: number, index: number, bits: number): number {
	const bit = index * bits;
	const at = start + (bit >> 3);
	const both = bytes[at] | ((at + 1 < bytes.length ? bytes[at + 1] : 0) << 8);
	return (both >> (bit & 7)) & ((1 << bits) - 1);
}

/**
 * compressed-tensors, pack-quantized: values of 1 to 8 bits along each row, a row in whole 32-bit words, zero points packed
 * down each column of scales. Both are stored with 2^(bits − 1) added, which cancels where there are zero points.
 */
export function decodePacked(
	{ values, scales, zeros, groups }: StoredTensors,
	{ bits }: Extract<QuantisedFormat, { kind: 'packed' }>,
	{ first, count, columns, total }: Rows,
	out: Float32Array
): void {
	const scale = valuesOf(scales);
	// One scale for the whole weight, or one for each of its rows and groups.
	const across = scale.length === 1 ? 1 : scale.length / total;
	const rowBytes = values.bytes.length / total;
	const zeroWords = zeros === undefined ? null : wordsOf(zeros);
	const group = groupOf(columns, across, groups);
	const middle = 2 ** (bits - 1);
	const zeroOf = (row: number, column: number): number => {
		if (zeroWords === null) return middle;
		const bit = row * bits;
		const word = bit >> 5;
		const low = zeroWords[word * across + column] >>> (bit & 31);
		const over = (bit & 31) + bits > 32;
		const high = over ? zeroWords[(word + 1) * across + column] << (32 - (bit & 31)) : 0;
		return (low | high) & ((1 << bits) - 1);
	};
	const zero = new Float32Array(across);
	for (let row = 0; row < count; row++) {
		const at = first + row;
		for (let column = 0; column < across; column++) zero[column] = zeroOf(at, column);
		const line = scale.length === 1 ? 0 : at * across;
		for (let column = 0; column < columns; column++) {
			const own = group[column];
			const value = bitsAt(values.bytes, at * rowBytes, column, bits);
			out[row * columns + column] = (value - zero[own]) * scale[line + own];
		}
	}
}
