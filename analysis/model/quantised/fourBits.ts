import type { QuantisedFormat } from '../checkpoint/types.ts';
import { E2M1, valuesOf } from './floats.ts';
import { needed, type Rows, type StoredTensors } from './types.ts';

const { fround } = Math;

/**
 * MXFP4 and NVFP4: two E2M1 values a byte, the low half first, a scale for each block of a row (E8M0 or E4M3), and of
 * NVFP4 one for the whole weight, by which scales are multiplied or divided.
 */
export function decodeFp4(
	stored: StoredTensors,
	format: Extract<QuantisedFormat, { kind: 'fp4' }>,
	{ first, step, count, columns }: Rows,
	out: Float32Array
): void {
	const { values, scales } = stored;
	const scale = valuesOf(scales);
	const whole = format.global === 'none' ? 1 : valuesOf(needed(stored, 'global'))[0];
	const { block } = format;
	const blocks = columns / block;
	for (let row = 0; row < count; row++) {
		const place = first + row * step;
		for (let at = 0; at < blocks; at++) {
			const own = scale[place * blocks + at];
			const by = format.global === 'divides' ? fround(own / whole) : fround(own * whole);
			const from = (place * columns + at * block) / 2;
			const to = row * columns + at * block;
			for (let index = 0; index < block / 2; index++) {
				const byte = values.bytes[from + index];
				out[to + 2 * index] = E2M1[byte & 15] * by;
				out[to + 2 * index + 1] = E2M1[byte >> 4] * by;
			}
		}
	}
}

/**
 * bitsandbytes in 4 bits: two places in a table a byte, the high half first, and the largest size of each block of values
 * in the order of rows; those may be places in a table themselves, with a scale for each block of them and an offset.
 */
export function decodeTable(
	stored: StoredTensors,
	{ block, nestedBlock, nestedOffset }: Extract<QuantisedFormat, { kind: 'table' }>,
	{ first, count, columns }: Rows,
	out: Float32Array
): void {
	const { values, scales, nestedTable } = stored;
	const entries = valuesOf(needed(stored, 'table'));
	let scale: Float32Array;
	if (nestedTable === undefined) scale = valuesOf(scales);
	else {
		const nested = valuesOf(nestedTable);
		const by = valuesOf(needed(stored, 'nestedScales'));
		scale = Float32Array.from(
			scales.bytes,
			(place, at) => fround(nested[place] * by[Math.floor(at / nestedBlock)]) + nestedOffset
		);
	}
	for (let index = 0; index < count * columns; index++) {
		const at = first * columns + index;
		const byte = values.bytes[at >> 1];
		out[index] = entries[at & 1 ? byte & 15 : byte >> 4] * scale[Math.floor(at / block)];
	}
}
