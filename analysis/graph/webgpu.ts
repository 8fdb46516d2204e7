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
/** The axes of a matrix swapped. */
const SWAP = [1n, 0n];

/**
 * Writes a graph in operators that onnxruntime's WebGPU provider has, so that nothing need run on the CPU, and is fast at:
 * attention scores (FusedMatMul) as a scaled and a turned side and their product, sums of several values as additions,
 * sums of a whole matrix as those of its rows, x·Wᵀ (Gemm) as (W·xᵀ)ᵀ (MatMul), so that W stays as it is stored. Its Gemm
 * with a turned weight reached 4.5 TFLOP/s where its MatMul reached 12 (one NVIDIA H200).
 */
export function forWebgpu(model: Uint8Array): Uint8Array {
	const proto = fromBinary(ModelProtoSchema, model);
	const { graph } = proto;
	if (graph === undefined) return model;
	const added = new Map<string, TensorProto>();
	const turned = new Map<string, string>();
	const node = graph.node.flatMap((each) => {
		const builder = new GraphBuilder('replaced', 'webgpu.');
		if (each.opType === 'Sum') addAdditions(builder, each);
		else if (each.name.endsWith('/Scores') && each.opType === 'FusedMatMul')
			addScores(builder, each);
		else if (isTurnedProduct(each)) addProduct(builder, each, turnedInput(builder, each, turned));
		else if (each.opType === 'ReduceSum' && each.name.startsWith('state_'))
			addRowSums(builder, each);
		else return [each];
		for (const tensor of builder.parts().initializer) added.set(tensor.name, tensor);
		return builder.parts().node;
	});
	const initializer = [...graph.initializer, ...added.values()];
	const changed = withFields(GraphProtoSchema, graph, { node, initializer });
	return toBinary(ModelProtoSchema, withFields(ModelProtoSchema, proto, { graph: changed }));
}

/** alpha · A · Bᵀ */
function addScores(builder: GraphBuilder, node: NodeProto): void {
	const { name, input, output } = node;
	const alpha = attributeOf(node, 'alpha')?.f ?? 1;
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

/** alpha · x·Wᵀ + b, of which b may be missing, as (W·xᵀ)ᵀ; `turned` names xᵀ. */
function addProduct(builder: GraphBuilder, node: NodeProto, turned: string): void {
	const { name, input, output } = node;
	const [, weight, bias] = input;
	const alpha = attributeOf(node, 'alpha')?.f ?? 1;
	const last = (isLast: boolean) => (isLast ? { outputs: output } : {});
	const columns = builder.node(`${name}/Columns`, 'MatMul', [weight, turned]);
	let product = builder.node(`${name}/Back`, 'Transpose', [columns], {
		...last(alpha === 1 && !bias),
		attributes: { perm: SWAP }
	});
	if (alpha !== 1)
		product = builder.node(`${name}/Scaled`, 'Mul', [product, builder.scalar(alpha)], last(!bias));
	if (bias) builder.node(`${name}/Biased`, 'Add', [product, bias], last(true));
}

/** Name of the rows of a product turned; several products of the same rows share it. */
function turnedInput(
	builder: GraphBuilder,
	{ input: [rows] }: NodeProto,
	turned: Map<string, string>
): string {
	const known = turned.get(rows);
	if (known !== undefined) return known;
	const added = builder.node(`${rows}/Turned`, 'Transpose', [rows], { attributes: { perm: SWAP } });
	turned.set(rows, added);
	return added;
}

function isTurnedProduct(node: NodeProto): boolean {
	return (
		node.opType === 'Gemm' &&
		attributeOf(node, 'transB')?.i === 1n &&
		(attributeOf(node, 'transA')?.i ?? 0n) === 0n
	);
}

function attributeOf({ attribute }: NodeProto, name: string) {
	return attribute.find((each) => each.name === name);
}

/** The sum of a matrix, rows first: as one sum it keeps one of a GPU's units busy. */
function addRowSums(builder: GraphBuilder, { name, input, output }: NodeProto): void {
	const rows = builder.node(`${name}/Rows`, 'ReduceSum', [input[0], builder.integers(1)], {
		attributes: { keepdims: 0n }
	});
	builder.node(name, 'ReduceSum', [rows, builder.integers(0)], {
		outputs: output,
		attributes: { keepdims: 0n }
	});
}
