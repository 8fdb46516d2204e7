import type { GraphProto, TensorProto } from '../graph/onnx_pb.ts';
import { integerOf } from './graphView.ts';
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

/** Counts the weights of a graph. */
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
	const typeOf = ({ name, dataType }: TensorProto): string => {
		const packed = bits.get(name);
		return packed === undefined ? elementTypeName(dataType) : `${packed}-bit (MatMulNBits)`;
	};
	const bytesOfType = new Map<string, number>();
	let parameters = 0;
	for (const tensor of graph.initializer) {
		const type = typeOf(tensor);
		if (NO_WEIGHTS.includes(type) || belonging.has(tensor.name)) continue;
		parameters += elements.get(tensor.name) ?? tensorElements(tensor);
		bytesOfType.set(type, (bytesOfType.get(type) ?? 0) + tensorBytes(tensor));
	}
	const largest = [...bytesOfType].sort(([, a], [, b]) => b - a).at(0);
	return { parameters, dtype: largest?.[0] ?? 'none' };
}
