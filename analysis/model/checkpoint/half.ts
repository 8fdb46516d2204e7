let halfBits: Uint32Array | null = null;

/** Bits of the float32 of every float16, made when the first one is read: 256 kB, 1 ms. */
export function halfTable(): Uint32Array {
	if (halfBits !== null) return halfBits;
	const values = Float32Array.from({ length: 65536 }, (_, bits) => halfToNumber(bits));
	halfBits = new Uint32Array(values.buffer);
	return halfBits;
}

/** IEEE 754 binary16: 1 sign bit, 5 bits of exponent with bias 15, 10 bits of fraction. */
export function halfToNumber(bits: number): number {
	const sign = bits & 0x8000 ? -1 : 1;
	const exponent = (bits >> 10) & 0x1f;
	const fraction = bits & 0x3ff;
	if (exponent === 0) return sign * fraction * 2 ** -24;
	if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
	return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
