import type { QuantisedFormat } from '../checkpoint/types.ts';
import { valuesOf, wordsOf } from './floats.ts';
import { groupOf } from './groups.ts';
import { needed, type Rows, type StoredTensors } from './types.ts';

/** Places of 8 outputs in a word of AWQ. */
const AWQ_PLACES = [0, 4, 1, 5, 2, 6, 3, 7];

/** Inputs that are done at a time: their values lie side by side in what is written. */
const TILE = 8;

/** Value number `index` of `bits` bits each down column `column` of words [rows, width]; it may lie in two of them. */
function down(
	words: Int32Array,
	width: number,
	column: number,
	index: number,
	bits: number
): number {
	const bit = index * bits;
	const at = (bit >> 5) * width + column;
	const shift = bit & 31;
	const high = shift + bits > 32 ? words[at + width] << (32 - shift) : 0;
	return ((words[at] >>> shift) | high) & ((1 << bits) - 1);
}

/** The same along row `row` of words [rows, width]. */
export function along(
	words: Int32Array,
	width: number,
	row: number,
	index: number,
	bits: number
): number {
	const bit = index * bits;
	const at = row * width + (bit >> 5);
	const shift = bit & 31;
	const high = shift + bits > 32 ? words[at + 1] << (32 - shift) : 0;
	return ((words[at] >>> shift) | high) & ((1 << bits) - 1);
}

/** Output `index` of a row of AWQ's words. */
function shuffled(words: Int32Array, width: number, row: number, index: number): number {
	return (words[row * width + (index >> 3)] >>> (4 * AWQ_PLACES[index & 7])) & 15;
}

/**
 * GPTQ: values are packed along the inputs, [inputs · bits / 32, outputs]; zeros along the outputs. Version 1 stores zeros
 * less one, which wrap around.
 */
export function decodeGptq(
	stored: StoredTensors,
	{ bits, zeroOffset }: Extract<QuantisedFormat, { kind: 'gptq' }>,
	rows: Rows,
	out: Float32Array
): void {
	const words = wordsOf(stored.values);
	const storedZeros = needed(stored, 'zeros');
	const zeros = wordsOf(storedZeros);
	const zeroWidth = storedZeros.shape[1];
	const mask = (1 << bits) - 1;
	decodeColumns(stored, rows, out, {
		value: (input, output) => down(words, rows.total, output, input, bits),
		zero: (group, output) => (along(zeros, zeroWidth, group, output, bits) + zeroOffset) & mask
	});
}

/** AWQ (gemm): values and zeros of 4 bits are packed along the outputs, 8 in a word, in an order of their own. */
export function decodeAwq(stored: StoredTensors, rows: Rows, out: Float32Array): void {
	const words = wordsOf(stored.values);
	const zeros = wordsOf(needed(stored, 'zeros'));
	const width = rows.total / 8;
	decodeColumns(stored, rows, out, {
		value: (input, output) => shuffled(words, width, input, output),
		zero: (group, output) => shuffled(zeros, width, group, output)
	});
}

/** (value − zero) × scale of weights that are stored as [inputs, outputs], scales [groups, outputs]. */
function decodeColumns(
	{ scales, groups }: StoredTensors,
	{ first, count, columns, total }: Rows,
	out: Float32Array,
	read: {
		value: (input: number, output: number) => number;
		zero: (group: number, output: number) => number;
	}
): void {
	const scale = valuesOf(scales);
	const across = scales.shape[0];
	const group = groupOf(columns, across, groups);
	const zero = new Float32Array(across * count);
	for (let one = 0; one < across; one++)
		for (let row = 0; row < count; row++) zero[one * count + row] = read.zero(one, first + row);
	for (let start = 0; start < columns; start += TILE) {
		const end = Math.min(columns, start + TILE);
		for (let row = 0; row < count; row++) {
			for (let input = start; input < end; input++) {
				const own = group[input];
				const value = read.value(input, first + row) - zero[own * count + row];
				out[row * columns + input] = value * scale[own * total + first + row];
			}
		}
	}
}
