import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { GraphBuilder } from '../proto/builder.ts';
import {
	GraphProtoSchema,
	ModelProtoSchema,
	type NodeProto,
	type TensorProto
} from '../proto/onnx_pb.ts';
import { withFields } from '../model/onnx/copy.ts';

/** Scores are made of values of rank 4; their last two axes swapped. */
const SWAP_LAST = [0n, 1n, 3n, 2n];

/**
 * Writes what onnxruntime's WebGPU provider does not have in operators that it has, so that nothing need run on the CPU:
 * attention scores (FusedMatMul) as a scaled and a turned side and their product, sums of several values as additions.
 */
export function forWebgpu(model: Uint8Array): Uint8Array {
	const proto = fromBinary(ModelProtoSchema, model);
	const { graph } = proto;
	if (graph === undefined) return model;
	const added = new Map<string, TensorProto>();
	const node = graph.node.flatMap((each) => {
		const builder = new GraphBuilder('replaced', 'webgpu.');
		if (each.opType === 'Sum') addAdditions(builder, each);
		else if (each.name.endsWith('/Scores') && each.opType === 'FusedMatMul')
			addScores(builder, each);
		else return [each];
		for (const tensor of builder.parts().initializer) added.set(tensor.name, tensor);
		return builder.parts().node;
	});
	const initializer = [...graph.initializer, ...added.values()];
	const changed = withFields(GraphProtoSchema, graph, { node, initializer });
	return toBinary(ModelProtoSchema, withFields(ModelProtoSchema, proto, { graph: changed }));
}

/** alpha · A · Bᵀ */
function addScores(builder: GraphBuilder, { name, input, output, attribute }: NodeProto): void {
	const alpha = attribute.find((each) => each.name === 'alpha')?.f ?? 1;
	const scaled = builder.node(`${name}/Scaled`, 'Mul', [input[0], builder.scalar(alpha)]);
	const turned = builder.node(`${name}/Turned`, 'Transpose', [input[1]], {
		attributes: { perm: SWAP_LAST }
	});
	builder.node(name, 'MatMul', [scaled, turned], { outputs: output });
}

function addAdditions(builder: GraphBuilder, { name, input, output }: NodeProto): void {
	const [first, ...others] = input;
	if (others.length === 0) builder.node(name, 'Identity', [first], { outputs: output });
	others.reduce((sum, each, at) => {
		const last = at === others.length - 1;
		return builder.node(`${name}/${at}`, 'Add', [sum, each], last ? { outputs: output } : {});
	}, first);
}
