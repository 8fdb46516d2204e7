import { widen } from '../checkpoint/widen.ts';
import type { TensorProto } from '../../proto/onnx_pb.ts';
import { flatIndex, UnknownValueError, type LazyValue } from './lazyValue.ts';
import { kindOf, tensorBytes, tensorElements } from './tensors.ts';

const [FLOAT, UINT8, INT8, INT32, INT64, BOOL, FLOAT16, DOUBLE, BFLOAT16] = [
	1, 2, 3, 6, 7, 9, 10, 11, 16
];

/** A tensor of a proto. Its elements are not known where they lie in external data or were left on disk. */
export function lazyTensor(tensor: TensorProto): LazyValue {
	const dims = tensor.dims.map(Number);
	let elements: ArrayLike<number> | null = null;
	return {
		dims,
		kind: kindOf(tensor.dataType),
		at: (index) => {
			elements ??= elementsOf(tensor);
			return elements[flatIndex(dims, index)];
		}
	};
}

function elementsOf(tensor: TensorProto): ArrayLike<number> {
	const { dataType, rawData, floatData, int32Data, int64Data } = tensor;
	const count = tensorElements(tensor);
	const typed = [floatData, int32Data].find(({ length }) => length === count);
	const found =
		rawData.length > 0 && rawData.length === tensorBytes(tensor)
			? rawElements(dataType, rawData)
			: int64Data.length === count
				? int64Data.map(Number)
				: [FLOAT16, BFLOAT16].includes(dataType)
					? null
					: (typed ?? null);
	if (found?.length !== count)
		throw new UnknownValueError(`${tensor.name}: elements are not there`);
	return found;
}

function rawElements(dataType: number, raw: Uint8Array): ArrayLike<number> | null {
	// Copied, because typed arrays must begin at a multiple of their element; a Buffer's own slice is no copy.
	const { buffer } = Uint8Array.from(raw);
	switch (dataType) {
		case FLOAT:
			return new Float32Array(buffer);
		case DOUBLE:
			return new Float64Array(buffer);
		case INT32:
			return new Int32Array(buffer);
		case INT64:
			return Array.from(new BigInt64Array(buffer), Number);
		case INT8:
			return new Int8Array(buffer);
		case UINT8:
		case BOOL:
			return new Uint8Array(buffer);
		case FLOAT16:
		case BFLOAT16: {
			const wide = new Float32Array(raw.length / 2);
			widen(raw, dataType === FLOAT16 ? 'F16' : 'BF16', wide, 0);
			return wide;
		}
		default:
			return null;
	}
}
