import { TensorProtoSchema, type TensorProto } from '../proto/onnx_pb.ts';
import { withFields } from '../model/onnx/copy.ts';
import { isExternal } from '../model/onnx/external.ts';
import { tensorBytes, tensorElements } from '../model/onnx/tensors.ts';

/** Bytes of a tensor that another is made of: `length` from `start` on of each of `rows` rows of `stride` bytes. */
export interface WeightCut {
	source: TensorProto;
	rows: number;
	stride: number;
	start: number;
	length: number;
}

/**
 * The part of a tensor that belongs to the last `count` of `columns` columns: of a matrix [in, columns] (`across`),
 * or of a tensor whose first dimension goes by column. One in external data is not read: `from` says where its
 * bytes are. null: it cannot be cut.
 */
export function cutLast(
	tensor: TensorProto,
	name: string,
	columns: number,
	count: number,
	across: boolean
): { tensor: TensorProto; from: WeightCut | null } | null {
	const bytes = tensorBytes(tensor);
	const [first, second] = tensor.dims.map(Number);
	const rows = across ? first : 1;
	const column = bytes / rows / columns;
	const whole = across ? second === columns : first % columns === 0;
	if (!whole || !Number.isInteger(column) || column === 0 || tensorElements(tensor) === 0)
		return null;
	const kept = (first / columns) * count;
	const dims = across ? [first, count] : [kept, ...tensor.dims.slice(1)];
	const from: WeightCut = {
		source: tensor,
		rows,
		stride: columns * column,
		start: (columns - count) * column,
		length: count * column
	};
	const fields = { name, dims: dims.map(BigInt) };
	if (isExternal(tensor)) return { tensor: withFields(TensorProtoSchema, tensor, fields), from };
	if (tensor.rawData.byteLength !== bytes) return null;
	const rawData = new Uint8Array(rows * from.length);
	for (let row = 0; row < rows; row++) {
		const start = row * from.stride + from.start;
		rawData.set(tensor.rawData.subarray(start, start + from.length), row * from.length);
	}
	return { tensor: withFields(TensorProtoSchema, tensor, { ...fields, rawData }), from: null };
}
