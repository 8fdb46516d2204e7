import { create } from '@bufbuild/protobuf';
import {
	AttributeProto_AttributeType as AttributeType,
	AttributeProtoSchema,
	type NodeProto
} from '../../proto/onnx_pb.ts';

/** A node's attributes with an integer one set, whether or not it was there. */
export function withInteger(
	attributes: NodeProto['attribute'],
	{ name, value }: { name: string; value: number }
): NodeProto['attribute'] {
	const others = attributes.filter((attribute) => attribute.name !== name);
	const own = create(AttributeProtoSchema, { name, type: AttributeType.INT, i: BigInt(value) });
	return [...others, own];
}
