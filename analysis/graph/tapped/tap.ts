import { toBinary } from '@bufbuild/protobuf';
import { InputError } from '../../errors.ts';
import type { QueryBlock } from '../blocks.ts';
import { FLOAT, GraphBuilder, INT64, valueInfo } from '../../proto/builder.ts';
import { ModelProtoSchema, NodeProtoSchema } from '../../proto/onnx_pb.ts';
import { withInteger } from '../../model/onnx/attributes.ts';
import { partsOf } from '../../model/onnx/contribAttention.ts';
import { writeOut } from './contribWritten.ts';
import { withFields } from '../../model/onnx/copy.ts';
import { exposeLogits } from './logits.ts';
import type { OpenedOnnx } from '../../model/onnx/open.ts';
import type { GraphView } from '../../model/onnx/graphView.ts';
import {
	checkFixedContext,
	emptyCaches,
	exposeOutputs,
	type Changes,
	type CopiedModel
} from './exposeOutputs.ts';
import type { AttentionLayer } from '../../model/onnx/types.ts';

/** Place of the output for scores or probabilities in every node that has one. */
const SCORES_OUTPUT = 3;

export interface TapRequest {
	/** Tokens in a window; the graph is made for that number. */
	context: number;
	blocks: readonly QueryBlock[];
	/** Layers whose probabilities are wanted. */
	layers: readonly number[];
	/** True if the logits of every token are wanted, which the loss is read from. */
	loss: boolean;
}

/** Output that holds block b of a layer's probabilities, float32 [1, H, queryCount, keyCount]. */
export function tapName(layer: number, block: number): string {
	return `spanwise.probabilities.${layer}.${block}`;
}

/** Input, int64 [1]: 1 where a run is to output that layer's probabilities, 0 where it is not (dimension 0). */
export function takeName(layer: number): string {
	return `spanwise.take.${layer}`;
}

/**
 * Copies a model's proto so that it outputs the probabilities of layers, block by block in float32, where asked for
 * its logits (LOGITS), and nothing else. What that does not need is left out; the cache is of length 0. Throws
 * InputError where a layer's attention probabilities are not available.
 */
export function tapModel(model: OpenedOnnx, request: TapRequest): CopiedModel {
	const { view, layers, onnx, inputs } = model;
	checkFixedContext(inputs, request.context, onnx.file);
	const graph = new GraphBuilder('tap', 'spanwise.');
	const changes: Changes = { nodes: new Map(), initializers: [], values: [] };
	for (const layer of request.layers) {
		const probabilities = tapLayer(layers[layer], view, graph, changes, onnx.file);
		exposeBlocks(graph, layer, probabilities, request.blocks);
	}
	if (request.loss) exposeLogits(graph, model.logits);
	const fed = inputs.filter(({ role }) => role !== 'past');
	for (const { name, elementType, dims } of fed)
		graph.input(name, dims(request.context), elementType);
	const parts = graph.parts();
	const added = { ...parts, initializer: [...parts.initializer, ...emptyCaches(inputs)] };
	return {
		bytes: toBinary(
			ModelProtoSchema,
			withFields(ModelProtoSchema, onnx.proto, {
				graph: exposeOutputs(onnx.graph, onnx.external, added, changes)
			})
		),
		dataFolder: onnx.external.root,
		inputs: fed
	};
}

/** Makes a layer's probabilities a value, [B, H, S, S] in the model's own type; its name. */
function tapLayer(
	attention: AttentionLayer,
	view: GraphView,
	graph: GraphBuilder,
	changes: Changes,
	file: string
): string {
	const { layer, node, probabilities } = attention;
	if (probabilities.how === 'value') return probabilities.value;
	if (probabilities.how === 'none') {
		throw new InputError(
			`${file}: layer ${layer}: ${attention.operator} ${attention.name}: attention probabilities are not available: ${probabilities.reason}`
		);
	}
	const original = view.node(node);
	if (probabilities.how === 'written') {
		const written = new GraphBuilder('written', `spanwise.layer.${layer}.`);
		const value = writeOut(written, `spanwise.layer.${layer}`, partsOf(view, attention));
		const { node: nodes, initializer } = written.parts();
		changes.nodes.set(node, nodes);
		changes.initializers.push(...initializer);
		return value;
	}
	const name = `spanwise.layer.${layer}.scores`;
	const output = Array.from({ length: SCORES_OUTPUT }, (_, at) => original.output[at] ?? '');
	const own = original.output[SCORES_OUTPUT] || name;
	const attribute =
		probabilities.how === 'scores'
			? original.attribute
			: withInteger(original.attribute, probabilities.attribute);
	changes.nodes.set(node, [
		withFields(NodeProtoSchema, original, { output: [...output, own], attribute })
	]);
	if (probabilities.how === 'output') return own;
	// onnxruntime cannot tell the type of this output by itself.
	changes.values.push(valueInfo(own, FLOAT, ['batch', 'heads', 'queries', 'keys']));
	return graph.node(`${name}.softmax`, 'Softmax', [own], { attributes: { axis: -1n } });
}

/** Cuts probabilities [1, H, S, S] into query blocks, none of them where the layer is not asked for in a run. */
function exposeBlocks(
	graph: GraphBuilder,
	layer: number,
	probabilities: string,
	blocks: readonly QueryBlock[]
): void {
	const name = `spanwise.layer.${layer}`;
	const take = graph.input(takeName(layer), [1], INT64);
	const taken = graph.node(`${name}.taken`, 'Slice', [
		probabilities,
		graph.integers(0),
		take,
		graph.integers(0)
	]);
	const wide = graph.node(`${name}.float32`, 'Cast', [taken], {
		attributes: { to: BigInt(FLOAT) }
	});
	for (const [block, { queryStart, queryCount, keyStart, keyCount }] of blocks.entries()) {
		const output = tapName(layer, block);
		graph.node(
			output,
			'Slice',
			[
				wide,
				graph.integers(queryStart, keyStart),
				graph.integers(queryStart + queryCount, keyStart + keyCount),
				graph.integers(2, 3)
			],
			{ outputs: [output] }
		);
		graph.output(output, [`taken ${layer}`, 'heads', queryCount, keyCount]);
	}
}
