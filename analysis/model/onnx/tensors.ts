import type { TensorProto } from '../../proto/onnx_pb.ts';
import type { Kind } from './lazyValue.ts';

const BOOL = 9;
/** float32, float16, float64, bfloat16. */
const FLOATS = [1, 10, 11, 16];

/** Names and bits of ONNX element types (TensorProto.DataType). */
const ELEMENT_TYPES: Partial<Record<number, { name: string; bits: number }>> = {
	1: { name: 'float32', bits: 32 },
	2: { name: 'uint8', bits: 8 },
	3: { name: 'int8', bits: 8 },
	4: { name: 'uint16', bits: 16 },
	5: { name: 'int16', bits: 16 },
	6: { name: 'int32', bits: 32 },
	7: { name: 'int64', bits: 64 },
	9: { name: 'bool', bits: 8 },
	10: { name: 'float16', bits: 16 },
	11: { name: 'float64', bits: 64 },
	12: { name: 'uint32', bits: 32 },
	13: { name: 'uint64', bits: 64 },
	16: { name: 'bfloat16', bits: 16 },
	17: { name: 'float8e4m3fn', bits: 8 },
	18: { name: 'float8e4m3fnuz', bits: 8 },
	19: { name: 'float8e5m2', bits: 8 },
	20: { name: 'float8e5m2fnuz', bits: 8 },
	21: { name: 'uint4', bits: 4 },
	22: { name: 'int4', bits: 4 }
};

export function elementTypeName(type: number): string {
	return ELEMENT_TYPES[type]?.name ?? `type ${type}`;
}

export function tensorElements(tensor: TensorProto): number {
	return tensor.dims.reduce((product, size) => product * Number(size), 1);
}

/** Bytes of a tensor's elements; 0 for types without a fixed size, such as strings. */
export function tensorBytes(tensor: TensorProto): number {
	return Math.ceil((tensorElements(tensor) * (ELEMENT_TYPES[tensor.dataType]?.bits ?? 0)) / 8);
}

/** The values of a small integer tensor that lies in the proto; null: it is another. */
export function integersOf(tensor: TensorProto): number[] | null {
	const { dataType, rawData } = tensor;
	const wide = dataType === 7;
	if (!wide && dataType !== 6) return null;
	const typed = wide ? tensor.int64Data : tensor.int32Data;
	if (typed.length > 0) return typed.map(Number);
	const count = tensorElements(tensor);
	const bytes = wide ? 8 : 4;
	if (rawData.byteLength !== count * bytes) return null;
	const view = new DataView(rawData.buffer, rawData.byteOffset, rawData.byteLength);
	return Array.from({ length: count }, (_, at) =>
		wide ? Number(view.getBigInt64(at * bytes, true)) : view.getInt32(at * bytes, true)
	);
}

/** Returns the kind of numbers that an element type (TensorProto.DataType) holds. */
export function kindOf(type: number): Kind {
	if (type === BOOL) return 'boolean';
	return FLOATS.includes(type) ? 'float' : 'integer';
}
