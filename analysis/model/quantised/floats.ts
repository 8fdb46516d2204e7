import { InputError } from '../../errors.ts';
import { isReadDtype } from '../checkpoint/safetensors.ts';
import { widen } from '../checkpoint/widen.ts';
import type { StoredTensor } from './types.ts';

/** Float32 of every byte as E4M3 (OCP 8-bit floating point): 1 sign bit, 4 bits of exponent with bias 7, 3 of fraction. */
export const E4M3: Float32Array = Float32Array.from({ length: 256 }, (_, bits) => {
	const sign = bits & 0x80 ? -1 : 1;
	const exponent = (bits >> 3) & 15;
	const fraction = bits & 7;
	if (exponent === 15 && fraction === 7) return NaN;
	if (exponent === 0) return sign * fraction * 2 ** -9;
	return sign * (1 + fraction / 8) * 2 ** (exponent - 7);
});

/** Float32 of every byte as E8M0 (OCP microscaling formats): a power of two. */
export const E8M0: Float32Array = Float32Array.from({ length: 256 }, (_, bits) =>
	bits === 255 ? NaN : 2 ** (bits - 127)
);

/** Float32 of every byte as a signed integer. */
export const INT8: Float32Array = Float32Array.from(
	{ length: 256 },
	(_, bits) => (bits << 24) >> 24
);

const E2M1_POSITIVE = [0, 0.5, 1, 1.5, 2, 3, 4, 6];
/** Float32 of 4 bits as E2M1 (OCP microscaling formats). */
export const E2M1: Float32Array = Float32Array.from([
	...E2M1_POSITIVE,
	...E2M1_POSITIVE.map((value) => -value)
]);

const TABLES: Readonly<Record<string, Float32Array>> = {
	F8_E4M3: E4M3,
	F8_E8M0: E8M0,
	U8: E8M0,
	I8: INT8
};

/** Types that scales may be stored in; a byte without a type of its own is an exponent, E8M0. */
export function isScaleDtype(dtype: string): boolean {
	return isReadDtype(dtype) || Object.hasOwn(TABLES, dtype);
}

/** Scales, zero points or other small tensors as float32. Throws InputError for a type that is none of theirs. */
export function valuesOf({ name, dtype, bytes }: StoredTensor): Float32Array {
	if (isReadDtype(dtype)) {
		const values = new Float32Array(bytes.length / (dtype === 'F32' ? 4 : 2));
		widen(bytes, dtype, values, 0);
		return values;
	}
	if (!Object.hasOwn(TABLES, dtype)) throw new InputError(`${name} is ${dtype}; expected floats`);
	return Float32Array.from(bytes, (byte) => TABLES[dtype][byte]);
}

/** Bytes as 32-bit integers; they begin at a multiple of 4, see `splitStored`. */
export function wordsOf({ bytes }: StoredTensor): Int32Array {
	return new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
}
