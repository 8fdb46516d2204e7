import { FLOAT, FLOAT16 } from '../../proto/builder.ts';
import type { NodeProto } from '../../proto/onnx_pb.ts';
import { attributeOf, type GraphView } from './graphView.ts';

/** TensorProto.DataType of bfloat16. */
const BFLOAT16 = 16;
const FLOAT_TYPES = [FLOAT, FLOAT16, BFLOAT16];
/** Operators whose data is the first input; the others are shapes, places, axes, exponents, of their own types. */
const OF_FIRST = [
	'Expand',
	'Gather',
	'GatherElements',
	'GatherND',
	'Pad',
	'Pow',
	'ReduceMax',
	'ReduceMean',
	'ReduceSum',
	'Reshape',
	'Slice',
	'Split',
	'Squeeze',
	'Tile',
	'Unsqueeze'
];

/**
 * Element type of a value of floating point: as declared, else that of the nearest weight or declared value before it,
 * with which it was computed; null: not to be told.
 */
export function floatTypeOf(view: GraphView, value: string): number | null {
	const seen = new Set([value]);
	for (const each of seen) {
		const declared = view.constant(each)?.dataType ?? view.elementType(each);
		if (declared !== null && FLOAT_TYPES.includes(declared)) return declared;
		const node = view.producerNode(each);
		if (node === null) continue;
		if (node.opType === 'Cast') {
			const to = Number(attributeOf(node, 'to')?.i ?? FLOAT);
			if (FLOAT_TYPES.includes(to)) return to;
		} else for (const input of dataOf(node)) seen.add(input);
	}
	return null;
}

/** The inputs of a node that are of the type it puts out. */
function dataOf({ opType, input }: NodeProto): string[] {
	if (opType === 'Where') return input.slice(1);
	return OF_FIRST.includes(opType) ? input.slice(0, 1) : input;
}
