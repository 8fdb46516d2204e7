import { create } from '@bufbuild/protobuf';
import { InputError } from '../../errors.ts';
import {
	GraphProtoSchema,
	TensorProtoSchema,
	type GraphProto,
	type NodeProto,
	type TensorProto,
	type ValueInfoProto
} from '../../proto/onnx_pb.ts';
import { withFields } from '../../model/onnx/copy.ts';
import { relocated, type ExternalData } from '../../model/onnx/external.ts';
import { GraphView, inputsOf } from '../../model/onnx/graphView.ts';
import type { GraphInput } from '../../model/onnx/inputs.ts';

/** A copy of a model that outputs what is asked for, with the weights where they were. */
export interface CopiedModel {
	bytes: Uint8Array;
	/** Folder that external data is relative to; null: there is none. */
	dataFolder: string | null;
	/** Inputs to feed; those of the cache are not among them. */
	inputs: GraphInput[];
}

/** Replacements of the model's own nodes, by index, the constants that they take, and declarations of their values. */
export interface Changes {
	nodes: Map<number, NodeProto[]>;
	initializers: TensorProto[];
	values: ValueInfoProto[];
}

/** A graph with additions, whose inputs and outputs are its only ones, without what these outputs do not need. */
export function exposeOutputs(
	graph: GraphProto,
	external: ExternalData,
	added: Pick<GraphProto, 'node' | 'initializer' | 'input' | 'output'>,
	changes: Changes = { nodes: new Map(), initializers: [], values: [] }
): GraphProto {
	const kept = graph.node.flatMap((node, at) => changes.nodes.get(at) ?? [node]);
	const all = [...kept, ...added.node];
	const whole = new GraphView(withFields(GraphProtoSchema, graph, { node: all }));
	const needed = whole.nodesBefore(added.output.map(({ name }) => name));
	const node = all.filter((_, at) => needed.has(at));
	const used = new Set(node.flatMap((each) => [...inputsOf(each)]));
	const made = new Set(node.flatMap(({ output }) => output));
	const initializers = [...graph.initializer, ...added.initializer, ...changes.initializers];
	return withFields(GraphProtoSchema, graph, {
		...added,
		node,
		initializer: relocated(
			initializers.filter(({ name }) => used.has(name)),
			external
		),
		valueInfo: [...graph.valueInfo.filter(({ name }) => made.has(name)), ...changes.values]
	});
}

/** A cache of length 0 in place of each input that would hold a part of it. */
export function emptyCaches(inputs: readonly GraphInput[]): TensorProto[] {
	return inputs
		.filter(({ role }) => role === 'past')
		.map(({ name, elementType, dims }) =>
			create(TensorProtoSchema, {
				name,
				dataType: elementType,
				dims: dims(0).map(BigInt),
				rawData: new Uint8Array()
			})
		);
}

/** Tokens that a model takes at once where it takes no other number; null: any. */
export function fixedContextOf(inputs: readonly GraphInput[]): number | null {
	return inputs.find(({ fixedContext }) => fixedContext !== null)?.fixedContext ?? null;
}

/** Throws InputError where a model was exported for windows of another length. */
export function checkFixedContext(
	inputs: readonly GraphInput[],
	context: number,
	file: string
): void {
	const fixed = inputs.find(
		({ fixedContext }) => fixedContext !== null && fixedContext !== context
	);
	if (fixed === undefined) return;
	throw new InputError(
		`context: ${context} tokens; ${file} was exported for exactly ${fixed.fixedContext} (input ${fixed.name})`
	);
}
