import { toHalf } from '../../analysis/apply/half.ts';
import { FLOAT, FLOAT16 } from '../../analysis/proto/builder.ts';
import type { ModelProto, TensorProto, ValueInfoProto } from '../../analysis/proto/onnx_pb.ts';

/** The largest number that float16 holds; masks are more. */
const LARGEST = 65_504;

/** The model with all that is float32 in it, weights, activations, cache and logits, in float16. */
export function halved(proto: ModelProto): ModelProto {
	const { graph } = proto;
	if (graph === undefined) throw new TypeError('no graph');
	for (const tensor of graph.initializer) halve(tensor);
	for (const value of [...graph.input, ...graph.output, ...graph.valueInfo]) declareHalf(value);
	for (const { opType, attribute } of graph.node) {
		const to = opType === 'Cast' ? attribute.find(({ name }) => name === 'to') : undefined;
		if (to?.i === BigInt(FLOAT)) to.i = BigInt(FLOAT16);
	}
	return proto;
}

function halve(tensor: TensorProto): void {
	if (tensor.dataType !== FLOAT) return;
	const values = new Float32Array(tensor.rawData.slice().buffer).map((value) =>
		Math.max(-LARGEST, Math.min(LARGEST, value))
	);
	tensor.dataType = FLOAT16;
	tensor.rawData = new Uint8Array(toHalf(values, tensor.name).buffer);
}

function declareHalf({ type }: ValueInfoProto): void {
	if (type?.value.case !== 'tensorType') return;
	const tensor = type.value.value;
	if (tensor.elemType === FLOAT) tensor.elemType = FLOAT16;
}
