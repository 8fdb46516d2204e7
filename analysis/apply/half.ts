import { InputError } from '../errors.ts';

/** The largest finite float16; from 65 520 on a value rounds to infinity. */
const LARGEST_HALF = 65_504;
const ROUNDS_TO_INFINITY = 65_520;

/**
 * Float16 bits of float32 values, rounded to nearest, ties to even (IEEE 754). Throws InputError, naming `what`,
 * for a value that float16 cannot hold.
 */
export function toHalf(values: Float32Array, what: string): Uint16Array {
	const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
	const halves = new Uint16Array(values.length);
	for (let i = 0; i < bits.length; i++) {
		const sign = (bits[i] >>> 16) & 0x8000;
		const size = bits[i] & 0x7fffffff;
		if (size >= 0x38800000) {
			// Normal in float16, 2⁻¹⁴ or more: rebias the exponent, round away 13 bits of fraction.
			if (size >= 0x477ff000) throw tooLarge(values[i], what);
			halves[i] = sign | ((size - 0x38000000 + 0xfff + ((size >>> 13) & 1)) >>> 13);
		} else if (size <= 0x33000000) {
			halves[i] = sign;
		} else {
			// Subnormal: a count of 2⁻²⁴; the scaling is exact.
			const scaled = Math.abs(values[i]) * 2 ** 24;
			const floor = Math.floor(scaled);
			const rest = scaled - floor;
			halves[i] = sign | (floor + (rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? 1 : 0));
		}
	}
	return halves;
}

function tooLarge(value: number, what: string): InputError {
	const found = Number.isNaN(value) ? 'a value that is no number' : String(value);
	return new InputError(
		`${what}: ${found}; float16 holds at most ${LARGEST_HALF} (${ROUNDS_TO_INFINITY} rounds to infinity): use fp32`
	);
}
