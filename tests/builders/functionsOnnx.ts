import { create } from '@bufbuild/protobuf';
import {
	AttributeProto_AttributeType as AttributeType,
	AttributeProtoSchema,
	FunctionProtoSchema,
	NodeProtoSchema,
	OperatorSetIdProtoSchema,
	type ModelProto
} from '../../analysis/proto/onnx_pb.ts';
import { smallDecoder } from './onnxDecoder.ts';

const DOMAIN = 'local';

/**
 * The small decoder, each layer's guarded softmax a call of one function of the model's own, which calls another for
 * the guard. The axis is an attribute of the call, but for layer 0, which leaves it to the function.
 */
export function functionsDecoder(opset = 21n): ModelProto {
	const model = smallDecoder({ form: 'guarded softmax' });
	const { graph } = model;
	if (graph === undefined) throw new TypeError('no graph');
	const inside = ['softmax', 'isnan', 'guard'];
	graph.node = graph.node.flatMap((node) => {
		const [, layer, part] = /^(layer\.\d+)\.(\w+)$/.exec(node.name) ?? ['', '', ''];
		if (!inside.includes(part)) return [node];
		if (part !== 'guard') return [];
		const scores = `${layer}.masked/output`;
		const axis = layer === 'layer.0' ? [] : [integer('axis', -1n)];
		return [
			create(NodeProtoSchema, {
				name: `${layer}.call`,
				domain: DOMAIN,
				opType: 'GuardedSoftmax',
				input: [scores, node.input[1]],
				output: node.output,
				attribute: axis
			})
		];
	});
	const imports = [
		{ domain: '', version: opset },
		{ domain: DOMAIN, version: 1n }
	].map((each) => create(OperatorSetIdProtoSchema, each));
	const softmax = create(NodeProtoSchema, {
		name: 'softmax',
		opType: 'Softmax',
		input: ['scores'],
		output: ['masked'],
		attribute: [
			create(AttributeProtoSchema, {
				name: 'axis',
				type: AttributeType.INT,
				refAttrName: 'axis'
			})
		]
	});
	const nodes = (...each: [string, string[], string][]) =>
		each.map(([opType, input, output]) =>
			create(NodeProtoSchema, { opType, input, output: [output] })
		);
	const [guard] = nodes(['Guard', ['masked', 'none'], 'probabilities']);
	guard.domain = DOMAIN;
	model.functions = [
		create(FunctionProtoSchema, {
			name: 'GuardedSoftmax',
			domain: DOMAIN,
			input: ['scores', 'none'],
			output: ['probabilities'],
			attributeProto: [integer('axis', -1n)],
			node: [softmax, guard],
			opsetImport: imports
		}),
		create(FunctionProtoSchema, {
			name: 'Guard',
			domain: DOMAIN,
			input: ['x', 'none'],
			output: ['y'],
			node: nodes(['IsNaN', ['x'], 'missing'], ['Where', ['missing', 'none', 'x'], 'y']),
			opsetImport: imports
		})
	];
	model.opsetImport.push(imports[1]);
	return model;
}

function integer(name: string, i: bigint) {
	return create(AttributeProtoSchema, { name, type: AttributeType.INT, i });
}
