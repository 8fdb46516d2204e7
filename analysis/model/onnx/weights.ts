import type { GraphProto, TensorProto } from '../../proto/onnx_pb.ts';
import { isExternal } from './external.ts';
import { attributeOf, integerOf } from './graphView.ts';
import { elementTypeName, tensorBytes, tensorElements } from './tensors.ts';

/** The weights of a graph, counted. */
export interface WeightFacts {
	/** Elements, quantized ones counted as the weights they stand for. */
	parameters: number;
	/** The type that takes most bytes: "float32", "float16", "int8", "4-bit (MatMulNBits)". */
	dtype: string;
}

/** Types that index, count and mask; weights are of the others. */
const NO_WEIGHTS = ['int64', 'int32', 'bool'];
/** Inputs of MatMulNBits: packed weights, and what belongs to them. */
const PACKED = 1;

/** Counts the weights of a graph, those that Constant nodes hold included. */
export function weightFacts(graph: GraphProto): WeightFacts {
	const bits = new Map<string, number>();
	const elements = new Map<string, number>();
	const belonging = new Set<string>();
	for (const node of graph.node) {
		if (node.opType !== 'MatMulNBits') continue;
		bits.set(node.input[PACKED], integerOf(node, 'bits') ?? 4);
		elements.set(node.input[PACKED], (integerOf(node, 'K') ?? 0) * (integerOf(node, 'N') ?? 0));
		for (const name of node.input.slice(PACKED + 1)) belonging.add(name);
	}
	const bytesOfType = new Map<string, number>();
	let parameters = 0;
	for (const { name, tensor } of weightsIn(graph)) {
		const packed = bits.get(name);
		const type =
			packed === undefined ? elementTypeName(tensor.dataType) : `${packed}-bit (MatMulNBits)`;
		if (NO_WEIGHTS.includes(type) || belonging.has(name)) continue;
		parameters += elements.get(name) ?? tensorElements(tensor);
		bytesOfType.set(type, (bytesOfType.get(type) ?? 0) + tensorBytes(tensor));
	}
	const largest = [...bytesOfType].sort(([, a], [, b]) => b - a).at(0);
	return { parameters, dtype: largest?.[0] ?? 'none' };
}

const FLOAT = 4;
/** Types of which onnxruntime's CPU kernels make float32 copies, laid out for products. */
const FLOATS = ['float32', 'float16', 'bfloat16', 'float64'];
/** Of a weight that is multiplied as it is, or copied as float32: what it takes beyond its own bytes. */
const LAID_OUT = 1.2;
/** Of a weight that stays packed integers (MatMulNBits, MatMulInteger). */
const REPACKED = 1.6;
/** Of a weight inside the proto: the bytes given to onnxruntime, what it parses, and what it frees late. */
const INSIDE = 2.5;

/**
 * Bytes that a session on the CPU holds at its peak for a graph's weights, measured with onnxruntime 1.30 on chains of
 * 100 M weights in every form: float32 copies of floats, packed integers as they are, float32 of what DequantizeLinear
 * reads; and all that lies in the proto rather than beside it some times more. Mapped files are the system's.
 */
export function sessionWeightBytes(graph: GraphProto): number {
	const dequantized = new Set(
		graph.node.filter(({ opType }) => opType === 'DequantizeLinear').map(({ input }) => input[0])
	);
	return weightsIn(graph).reduce((sum, { name, tensor }) => {
		const bytes = tensorBytes(tensor);
		const asFloats = LAID_OUT * FLOAT * tensorElements(tensor);
		const floating = FLOATS.includes(elementTypeName(tensor.dataType));
		const held = floating ? asFloats : REPACKED * bytes;
		const unpacked = dequantized.has(name) ? asFloats : 0;
		return sum + held + unpacked + (isExternal(tensor) ? 0 : INSIDE * bytes);
	}, 0);
}

/** The tensors of a graph, initializers and what Constant nodes hold, by the names that nodes take them by. */
function weightsIn({ initializer, node }: GraphProto): { name: string; tensor: TensorProto }[] {
	const constants = node.flatMap((each) => {
		const tensor = each.opType === 'Constant' ? attributeOf(each, 'value')?.t : undefined;
		return tensor === undefined ? [] : [{ name: each.output[0], tensor }];
	});
	return [...initializer.map((tensor) => ({ name: tensor.name, tensor })), ...constants];
}
