import type { ModelProto } from '../../analysis/proto/onnx_pb.ts';

/** Makes every MatMulNBits of a model round its activations to 8 bits, as exports to int4 do; the same model. */
export function roundingActivations(proto: ModelProto): ModelProto {
	for (const { opType, attribute } of proto.graph?.node ?? []) {
		const bits = attribute.find(({ name }) => name === 'bits');
		if (opType !== 'MatMulNBits' || bits === undefined) continue;
		attribute.push({ ...bits, name: 'accuracy_level', i: 4n });
	}
	return proto;
}
