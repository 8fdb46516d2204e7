import { halfToNumber } from '../checkpoint/half.ts';

/** Block format of one quantised type: values in a block, its bytes, and the function that reads them. */
interface BlockFormat {
	values: number;
	bytes: number;
	/** Writes the block's values from the bytes at `at` into `out` from `to` on. */
	read(bytes: Uint8Array, at: number, out: Float32Array, to: number): void;
}

/** Values in a block of the older types, and in a super-block of the K types. */
const BLOCK = 32;
const SUPER_BLOCK = 256;

const { fround } = Math;

/**
 * The block formats of GGUF that can be read, by name. Layouts and the order of roundings follow ggml's reference
 * (llama.cpp, ggml-quants.c and gguf-py/gguf/quants.py): every product is rounded to float32 as there.
 */
const FORMATS: Readonly<Record<string, BlockFormat>> = {
	Q8_0: {
		values: BLOCK,
		bytes: 34,
		read(bytes, at, out, to) {
			const scale = half(bytes, at);
			for (let i = 0; i < BLOCK; i++) out[to + i] = scale * signed(bytes[at + 2 + i]);
		}
	},
	Q4_0: {
		values: BLOCK,
		bytes: 18,
		read(bytes, at, out, to) {
			const scale = half(bytes, at);
			for (let i = 0; i < BLOCK / 2; i++) {
				const byte = bytes[at + 2 + i];
				out[to + i] = scale * ((byte & 15) - 8);
				out[to + i + BLOCK / 2] = scale * ((byte >> 4) - 8);
			}
		}
	},
	Q4_1: {
		values: BLOCK,
		bytes: 20,
		read(bytes, at, out, to) {
			const scale = half(bytes, at);
			const least = half(bytes, at + 2);
			for (let i = 0; i < BLOCK / 2; i++) {
				const byte = bytes[at + 4 + i];
				out[to + i] = fround(scale * (byte & 15)) + least;
				out[to + i + BLOCK / 2] = fround(scale * (byte >> 4)) + least;
			}
		}
	},
	Q5_0: {
		values: BLOCK,
		bytes: 22,
		read(bytes, at, out, to) {
			const scale = half(bytes, at);
			const high = word(bytes, at + 2);
			for (let i = 0; i < BLOCK / 2; i++) {
				const byte = bytes[at + 6 + i];
				out[to + i] = scale * (((byte & 15) | (((high >>> i) & 1) << 4)) - 16);
				out[to + i + BLOCK / 2] = scale * (((byte >> 4) | (((high >>> (i + 16)) & 1) << 4)) - 16);
			}
		}
	},
	Q5_1: {
		values: BLOCK,
		bytes: 24,
		read(bytes, at, out, to) {
			const scale = half(bytes, at);
			const least = half(bytes, at + 2);
			const high = word(bytes, at + 4);
			for (let i = 0; i < BLOCK / 2; i++) {
				const byte = bytes[at + 8 + i];
				out[to + i] = fround(scale * ((byte & 15) | (((high >>> i) & 1) << 4))) + least;
				out[to + i + BLOCK / 2] =
					fround(scale * ((byte >> 4) | (((high >>> (i + 16)) & 1) << 4))) + least;
			}
		}
	},
	/** 16 scales and minima of 4 bits, 256 values of 2 bits, two half floats. */
	Q2_K: {
		values: SUPER_BLOCK,
		bytes: 84,
		read(bytes, at, out, to) {
			const scale = half(bytes, at + 80);
			const least = half(bytes, at + 82);
			for (let i = 0; i < SUPER_BLOCK; i++) {
				const parts = bytes[at + (i >> 4)];
				// 128 values lie in 32 bytes, 32 of them in each pair of bits.
				const byte = bytes[at + 16 + (i >> 7) * 32 + (i & 31)];
				const value = (byte >> (2 * ((i >> 5) & 3))) & 3;
				out[to + i] = fround(fround(scale * (parts & 15)) * value) - fround(least * (parts >> 4));
			}
		}
	},
	/** High bits of 256 values, their 2 low bits, 16 scales of 6 bits, a half float. */
	Q3_K: {
		values: SUPER_BLOCK,
		bytes: 110,
		read(bytes, at, out, to) {
			const scale = half(bytes, at + 108);
			for (let i = 0; i < SUPER_BLOCK; i++) {
				const group = i >> 4;
				const low = (bytes[at + 96 + (group & 7)] >> (4 * (group >> 3))) & 15;
				const high = (bytes[at + 104 + (group & 3)] >> (2 * (group >> 2))) & 3;
				const own = fround(scale * ((low | (high << 4)) - 32));
				const byte = bytes[at + 32 + (i >> 7) * 32 + (i & 31)];
				const value = (byte >> (2 * ((i >> 5) & 3))) & 3;
				// The high bit takes 4 away where it is not set.
				const bit = (bytes[at + (i & 31)] >> (i >> 5)) & 1;
				out[to + i] = own * (bit === 1 ? value : value - 4);
			}
		}
	},
	/** Two half floats, 8 scales and minima of 6 bits, 256 values of 4 bits. */
	Q4_K: {
		values: SUPER_BLOCK,
		bytes: 144,
		read(bytes, at, out, to) {
			const scale = half(bytes, at);
			const least = half(bytes, at + 2);
			for (let group = 0; group < 8; group++) {
				const [own, minimum] = sixBits(bytes, at + 4, group);
				const d = fround(scale * own);
				const m = fround(least * minimum);
				const shift = 4 * (group & 1);
				const from = at + 16 + (group >> 1) * 32;
				for (let i = 0; i < 32; i++) {
					out[to + group * 32 + i] = fround(d * ((bytes[from + i] >> shift) & 15)) - m;
				}
			}
		}
	},
	/** As Q4_K, with a fifth bit of each value before the four. */
	Q5_K: {
		values: SUPER_BLOCK,
		bytes: 176,
		read(bytes, at, out, to) {
			const scale = half(bytes, at);
			const least = half(bytes, at + 2);
			for (let group = 0; group < 8; group++) {
				const [own, minimum] = sixBits(bytes, at + 4, group);
				const d = fround(scale * own);
				const m = fround(least * minimum);
				const shift = 4 * (group & 1);
				const from = at + 48 + (group >> 1) * 32;
				for (let i = 0; i < 32; i++) {
					const high = (bytes[at + 16 + i] >> group) & 1;
					const value = ((bytes[from + i] >> shift) & 15) | (high << 4);
					out[to + group * 32 + i] = fround(d * value) - m;
				}
			}
		}
	},
	/** 4 low bits and 2 high bits of 256 values, 16 scales of 8 bits, a half float. */
	Q6_K: {
		values: SUPER_BLOCK,
		bytes: 210,
		read(bytes, at, out, to) {
			const scale = half(bytes, at + 208);
			for (let i = 0; i < SUPER_BLOCK; i++) {
				const d = fround(scale * signed(bytes[at + 192 + (i >> 4)]));
				const half128 = i >> 7;
				const within = i & 127;
				const low = (bytes[at + half128 * 64 + (within & 63)] >> (4 * (within >> 6))) & 15;
				const high = (bytes[at + 128 + half128 * 32 + (within & 31)] >> (2 * (within >> 5))) & 3;
				out[to + i] = d * ((low | (high << 4)) - 32);
			}
		}
	}
};

/** Names of the block formats that can be read. */
export const BLOCK_DTYPES: readonly string[] = Object.keys(FORMATS);

/** Values and bytes of a block of a type; null: it is no block format that can be read. */
export function blockOf(dtype: string): { values: number; bytes: number } | null {
	return Object.hasOwn(FORMATS, dtype) ? FORMATS[dtype] : null;
}

/** Writes the values of whole blocks in `bytes` as float32 into `target` from `offset` on. */
export function dequantise(
	bytes: Uint8Array,
	dtype: string,
	target: Float32Array,
	offset: number
): void {
	const format = FORMATS[dtype];
	for (let at = 0, to = offset; at < bytes.length; at += format.bytes, to += format.values) {
		format.read(bytes, at, target, to);
	}
}

const word = (bytes: Uint8Array, at: number) =>
	bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24);

const signed = (byte: number) => (byte << 24) >> 24;

/** A float16 at any byte. */
const half = (bytes: Uint8Array, at: number) => halfToNumber(bytes[at] | (bytes[at + 1] << 8));

/** Scale and minimum of a group of 32 values, packed as 6 bits each in 12 bytes. */
function sixBits(bytes: Uint8Array, at: number, group: number): [number, number] {
	if (group < 4) return [bytes[at + group] & 63, bytes[at + 4 + group] & 63];
	const both = bytes[at + 4 + group];
	return [
		(both & 15) | ((bytes[at + group - 4] >> 6) << 4),
		(both >> 4) | ((bytes[at + group] >> 6) << 4)
	];
}
