import {
	AttributeProtoSchema,
	GraphProtoSchema,
	NodeProtoSchema,
	TensorProtoSchema,
	ValueInfoProtoSchema,
	type NodeProto,
	type TensorProto,
	type ValueInfoProto
} from '../graph/onnx_pb.ts';
import { withFields } from './copy.ts';

/** Names that values are to have, by those they have; others stay. */
type Names = ReadonlyMap<string, string>;

/** A node whose values have other names, those in its branches or its body included. */
export function renamedNode(node: NodeProto, names: Names): NodeProto {
	if (names.size === 0) return node;
	const renamed = (name: string): string => names.get(name) ?? name;
	return withFields(NodeProtoSchema, node, {
		input: node.input.map(renamed),
		output: node.output.map(renamed),
		attribute: node.attribute.map((attribute) =>
			attribute.g === undefined
				? attribute
				: withFields(AttributeProtoSchema, attribute, {
						g: withFields(GraphProtoSchema, attribute.g, {
							node: attribute.g.node.map((inner) => renamedNode(inner, names)),
							initializer: attribute.g.initializer.map((each) => renamedTensor(each, names)),
							input: attribute.g.input.map((info) => renamedInfo(info, names)),
							output: attribute.g.output.map((info) => renamedInfo(info, names))
						})
					})
		)
	});
}

export function renamedTensor(tensor: TensorProto, names: Names): TensorProto {
	const name = names.get(tensor.name);
	return name === undefined ? tensor : withFields(TensorProtoSchema, tensor, { name });
}

export function renamedInfo(info: ValueInfoProto, names: Names): ValueInfoProto {
	const name = names.get(info.name);
	return name === undefined ? info : withFields(ValueInfoProtoSchema, info, { name });
}

/** A name that is not in use: the name itself, or with a number behind it. */
export function unusedName(name: string, used: ReadonlySet<string>): string {
	let free = name;
	for (let again = 2; used.has(free); again++) free = `${name}.${again}`;
	return free;
}
