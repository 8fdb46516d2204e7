import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { withFields } from '../model/onnx/copy.ts';
import { FLOAT, FLOAT16, GraphBuilder } from '../proto/builder.ts';
import {
	GraphProtoSchema,
	ModelProtoSchema,
	NodeProtoSchema,
	type NodeProto
} from '../proto/onnx_pb.ts';

/**
 * Computes a graph's products of layers with their weights (`Gemm`) in float16: both sides, and a bias, are rounded, and
 * what comes out is widened. Norms, attention, sums and the output embedding stay float32. Rounded weights are constants,
 * so that a device holds them in half the memory.
 */
export function withHalfProducts(model: Uint8Array): Uint8Array {
	const proto = fromBinary(ModelProtoSchema, model);
	const { graph } = proto;
	if (graph === undefined) return model;
	const builder = new GraphBuilder('halved', 'half.');
	const halves = new Map<string, string>();
	const half = (name: string) => {
		const known = halves.get(name);
		if (known !== undefined) return known;
		const rounded = builder.node(`${name}/Half`, 'Cast', [name], {
			attributes: { to: BigInt(FLOAT16) }
		});
		halves.set(name, rounded);
		return rounded;
	};
	const node = graph.node.flatMap((each): NodeProto[] => {
		if (!isLayerProduct(each)) return [each];
		const before = builder.parts().node.length;
		const [output] = each.output;
		const input = each.input.map(half);
		const narrow = `${output}/Narrow`;
		builder.node(`${output}/Wide`, 'Cast', [narrow], {
			outputs: [output],
			attributes: { to: BigInt(FLOAT) }
		});
		const added = builder.parts().node.slice(before);
		const product = withFields(NodeProtoSchema, each, { input, output: [narrow] });
		return [...added.slice(0, -1), product, ...added.slice(-1)];
	});
	const changed = withFields(GraphProtoSchema, graph, { node });
	return toBinary(ModelProtoSchema, withFields(ModelProtoSchema, proto, { graph: changed }));
}

function isLayerProduct({ opType, name }: NodeProto): boolean {
	return opType === 'Gemm' && name.startsWith('layer_');
}
