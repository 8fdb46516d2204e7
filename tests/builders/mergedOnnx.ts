import { create } from '@bufbuild/protobuf';
import { valueInfo } from '../../analysis/proto/builder.ts';
import {
	AttributeProto_AttributeType as AttributeType,
	AttributeProtoSchema,
	GraphProtoSchema,
	NodeProtoSchema,
	type GraphProto,
	type ModelProto,
	type ValueInfoProto
} from '../../analysis/proto/onnx_pb.ts';
import { SIZES, smallDecoder } from './onnxDecoder.ts';

const BOOL = 9;

/**
 * The small decoder with and without a cache as two branches of one graph, by use_cache_branch, as optimum merges
 * them: weights outside, keys and values put out either way; those of the branch without a cache by other names.
 */
export function mergedDecoder(): ModelProto {
	const model = smallDecoder({ inputs: ['attention_mask', 'past'] });
	const withPast = graphOf(model);
	const withoutPast = graphOf(smallDecoder({ inputs: ['attention_mask'] }));
	const outputs = withPast.output.map(({ name }) => name);
	const fresh = outputs.map((name) => {
		const part = /^present\.(\d+)\.(key|value)$/.exec(name);
		return part === null ? name : `layer.${part[1]}.${part[2] === 'key' ? 'k' : 'v'}.heads/output`;
	});
	const branch = (name: string, { node }: GraphProto, put: string[]) =>
		create(AttributeProtoSchema, {
			name,
			type: AttributeType.GRAPH,
			g: create(GraphProtoSchema, { name, node, output: put.map(anyShape) })
		});
	model.graph = create(GraphProtoSchema, {
		name: 'merged',
		initializer: [
			...withPast.initializer,
			...withoutPast.initializer.filter(
				({ name }) => !withPast.initializer.some((other) => other.name === name)
			)
		],
		input: [...withPast.input, valueInfo('use_cache_branch', BOOL, [1])],
		output: withPast.output,
		node: [
			create(NodeProtoSchema, {
				name: 'optimum::if',
				opType: 'If',
				input: ['use_cache_branch'],
				output: outputs,
				attribute: [
					branch('then_branch', withPast, outputs),
					branch('else_branch', withoutPast, fresh)
				]
			})
		]
	});
	return model;
}

/** Layers, heads of keys and width of the cache of the merged decoder. */
export const CACHE = {
	layers: SIZES.layers,
	heads: SIZES.kvHeads,
	width: SIZES.headDim
};

function anyShape(name: string): ValueInfoProto {
	const info = valueInfo(name, 1, []);
	if (info.type?.value.case === 'tensorType') info.type.value.value.shape = undefined;
	return info;
}

function graphOf({ graph }: ModelProto): GraphProto {
	if (graph === undefined) throw new TypeError('no graph');
	return graph;
}
