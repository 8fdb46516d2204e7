import type { Dtype } from '../../analysis/model/checkpoint/types.ts';

/** A tensor to be written; `values` are rounded to `dtype`. */
export interface TensorSource {
	name: string;
	dtype: Dtype;
	shape: number[];
	values: Float32Array;
}

/** A whole safetensors file, its tensors in the order given. */
export function encodeSafetensors(tensors: readonly TensorSource[]): Uint8Array {
	const header: Record<string, unknown> = { __metadata__: { format: 'pt' } };
	const parts: Uint8Array[] = [];
	let offset = 0;
	for (const { name, dtype, shape, values } of tensors) {
		const bytes = narrow(values, dtype);
		header[name] = { dtype, shape, data_offsets: [offset, offset + bytes.length] };
		offset += bytes.length;
		parts.push(bytes);
	}
	return safetensorsFile(JSON.stringify(header), Buffer.concat(parts));
}

/** Any header and any data, well-formed or not; `length` is what the file says of its header. */
export function safetensorsFile(
	header: string,
	data: Uint8Array,
	length = BigInt(Buffer.byteLength(header))
): Uint8Array {
	const prefix = Buffer.alloc(8);
	prefix.writeBigUInt64LE(length);
	return Buffer.concat([prefix, Buffer.from(header), data]);
}

/** Little-endian bytes of float32 values in `dtype`, rounded to nearest, ties to even. */
export function narrow(values: Float32Array, dtype: Dtype): Uint8Array {
	if (dtype === 'F32') return new Uint8Array(values.slice().buffer);
	const halves = Uint16Array.from(values, dtype === 'BF16' ? toBfloat16 : toFloat16);
	return new Uint8Array(halves.buffer);
}

const bits = new DataView(new ArrayBuffer(4));

function toBfloat16(value: number): number {
	bits.setFloat32(0, value);
	const word = bits.getUint32(0);
	return (word + 0x7fff + ((word >>> 16) & 1)) >>> 16;
}

/** For finite values below 65 504. */
function toFloat16(value: number): number {
	const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
	const size = Math.abs(value);
	const exponent = Math.max(-14, size === 0 ? -14 : Math.floor(Math.log2(size)));
	const scaled = (size / 2 ** exponent) * 1024;
	const floor = Math.floor(scaled);
	const rest = scaled - floor;
	const fraction = rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
	// A subnormal's fraction stands alone; a carry out of the fraction falls into the exponent as it should.
	return sign | ((exponent + 14) * 1024 + fraction);
}
