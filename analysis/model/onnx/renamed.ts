import {
	AttributeProtoSchema,
	GraphProtoSchema,
	NodeProtoSchema,
	TensorProtoSchema,
	ValueInfoProtoSchema,
	type NodeProto,
	type TensorProto,
	type ValueInfoProto
} from '../../proto/onnx_pb.ts';
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

/** Gives names to values that join a graph: none that is in use, and none twice. */
export class FreeNames {
	readonly #used: Set<string>;
	/** By name, the number to try next behind it. */
	readonly #next = new Map<string, number>();

	constructor(used: Iterable<string>) {
		this.#used = new Set(used);
	}

	/** The name itself where it is free, else with a number behind it. */
	take(name: string): string {
		let free = name;
		let again = this.#next.get(name) ?? 2;
		while (this.#used.has(free)) free = `${name}.${again++}`;
		this.#next.set(name, again);
		this.#used.add(free);
		return free;
	}
}
