import { FLOAT, FLOAT16 } from '../graph/builder.ts';
import { attributeOf, type GraphView } from './graphView.ts';

/** TensorProto.DataType of bfloat16. */
const BFLOAT16 = 16;
const FLOAT_TYPES = [FLOAT, FLOAT16, BFLOAT16];

/**
 * Element type of a value of floating point: as declared, else that of the nearest weight or declared value before it,
 * with which it was computed; null: not to be told.
 */
export function floatTypeOf(view: GraphView, value: string): number | null {
	const seen = new Set([value]);
	for (const each of seen) {
		const declared = view.elementType(each);
		if (declared !== null && FLOAT_TYPES.includes(declared)) return declared;
		const node = view.producerNode(each);
		if (node === null) continue;
		if (node.opType === 'Cast') return Number(attributeOf(node, 'to')?.i ?? FLOAT);
		for (const input of node.input) seen.add(input);
	}
	return null;
}
