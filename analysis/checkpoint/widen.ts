import { DTYPE_BYTES } from './safetensors.ts';
import type { Dtype } from './types.ts';

/**
 * Writes the elements in `bytes` (little-endian, of `dtype`) as float32 into `target` from `offset` on.
 * A bfloat16 is the upper half of a float32; a float16 goes through a table of all 65 536 of them.
 * Views rather than a DataView: they widen above 1 GB/s, a DataView a fifth of that.
 */
export function widen(bytes: Uint8Array, dtype: Dtype, target: Float32Array, offset: number): void {
	const count = bytes.byteLength / DTYPE_BYTES[dtype];
	if (dtype === 'F32') {
		new Uint8Array(target.buffer, target.byteOffset + 4 * offset, 4 * count).set(bytes);
		return;
	}
	const halves = uint16View(bytes);
	if (dtype === 'BF16') {
		const bits = new Uint32Array(target.buffer, target.byteOffset + 4 * offset, count);
		for (let i = 0; i < count; i++) bits[i] = halves[i] << 16;
		return;
	}
	const table = halfTable();
	for (let i = 0; i < count; i++) target[offset + i] = table[halves[i]];
}

/** Typed arrays must begin at a multiple of their element: an odd offset costs a copy. */
function uint16View(bytes: Uint8Array): Uint16Array {
	const aligned = bytes.byteOffset % 2 === 0 ? bytes : bytes.slice();
	return new Uint16Array(aligned.buffer, aligned.byteOffset, aligned.byteLength / 2);
}

let halves: Float32Array | null = null;

/** float32 of every float16, made when the first F16 tensor is read: 256 kB, 1 ms. */
function halfTable(): Float32Array {
	if (halves !== null) return halves;
	halves = new Float32Array(65536);
	for (let bits = 0; bits < 65536; bits++) halves[bits] = halfToNumber(bits);
	return halves;
}

/** IEEE 754 binary16: 1 sign bit, 5 bits of exponent with bias 15, 10 bits of fraction. */
function halfToNumber(bits: number): number {
	const sign = bits & 0x8000 ? -1 : 1;
	const exponent = (bits >> 10) & 0x1f;
	const fraction = bits & 0x3ff;
	if (exponent === 0) return sign * fraction * 2 ** -24;
	if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
	return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
