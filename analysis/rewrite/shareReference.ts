import { toBinary } from '@bufbuild/protobuf';
import { FLOAT, valueInfo, type GraphBuilder } from '../proto/builder.ts';
import { ModelProtoSchema, NodeProtoSchema } from '../proto/onnx_pb.ts';
import { partsOf } from '../model/onnx/contribAttention.ts';
import { projected, sliced } from '../graph/tapped/contribWritten.ts';
import { withFields } from '../model/onnx/copy.ts';
import { relocated } from '../model/onnx/external.ts';
import type { FoundOnnx } from '../model/onnx/open.ts';
import { GraphRewrite } from './rewrite.ts';
import { attendedValue, whereJoined } from './shareDropped.ts';
import { exposeProbabilities } from './shareSource.ts';
import type { AttentionLayer } from '../model/onnx/types.ts';

/** Output of values where GroupQueryAttention puts them, all of them and in heads: its cache. */
const PRESENT_VALUE = 2;
const VALUE = 2;
/** Since this version a value can be cast to the type of another. */
const CAST_LIKE = 15;

/**
 * A model as it was, except that what some layers attended is fed from outside, and what dropped layers add is
 * taken from itself. It tells what sharing is to give without any of what sharing rewrites.
 */
export interface ReferenceStage {
	bytes: Uint8Array;
	/** Folder that external data is relative to; null: there is none. */
	dataFolder: string | null;
	/** Names, in the order of `fed`, of inputs for what those layers attended, float32. */
	inputs: string[];
	/** Names of outputs, float32. */
	outputs: string[];
	/** Names of the model's own inputs that are left. */
	kept: Set<string>;
}

/** Outputs of a stage: a source's probabilities [1, H, S, S] and a follower's values; or logits. */
export type ReferenceGoal =
	{ follower: AttentionLayer; source: AttentionLayer } | { logits: string };

/**
 * Builds the stage in which the layers `fed` are fed what they attended. All `sources` put their probabilities out, as
 * they do in what was written: onnxruntime then computes a fused node in another order, and where activations are
 * rounded to 8 bits that moves logits.
 */
export function referenceStage(
	{ onnx, view }: FoundOnnx,
	goal: ReferenceGoal,
	{
		fed,
		dropped,
		sources
	}: {
		fed: readonly AttentionLayer[];
		dropped: readonly AttentionLayer[];
		sources: readonly AttentionLayer[];
	}
): ReferenceStage {
	const rewrite = new GraphRewrite(view);
	const out = rewrite.builder();
	dropOutputs(rewrite, goal);
	const inputs = fed.map((attention) => feed(rewrite, attention, onnx.opset));
	for (const attention of dropped) takeFromItself(rewrite, attention);
	const exposed = new Map(
		sources.map((source) => [source.layer, exposeProbabilities(rewrite, source)])
	);
	const wanted =
		'logits' in goal
			? [goal.logits]
			: [exposed.get(goal.source.layer) ?? '', valuesOf(goal.follower, rewrite, out)];
	const outputs = wanted.map((value, at) => {
		const name = `${rewrite.prefix}reference.${at}`;
		out.node(name, 'Cast', [value], { outputs: [name], attributes: { to: BigInt(FLOAT) } });
		rewrite.addOutput(valueInfo(name, FLOAT, ['batch', ...('logits' in goal ? ['a', 'b'] : [])]));
		return name;
	});
	rewrite.append(out);
	const graph = rewrite.finish();
	// Ranks of what is put out differ between forms: better none than a wrong one.
	for (const { name, type } of graph.output) {
		if (outputs.includes(name) && type?.value.case === 'tensorType')
			type.value.value.shape = undefined;
	}
	const initializer = relocated(graph.initializer, onnx.external);
	const whole = withFields(ModelProtoSchema, onnx.proto, { graph: { ...graph, initializer } });
	return {
		bytes: toBinary(ModelProtoSchema, whole),
		dataFolder: onnx.external.root,
		inputs,
		outputs,
		kept: new Set(graph.input.map(({ name }) => name))
	};
}

/**
 * Drops what is beyond the goal, and logits. What nodes on the way put out stays: onnxruntime takes GroupQueryAttention's
 * cache to be as long as it was given, and has no room for it where it is no output of the graph.
 */
function dropOutputs(rewrite: GraphRewrite, goal: ReferenceGoal): void {
	const { graph } = rewrite.view;
	const ends = 'logits' in goal ? null : [goal.source, goal.follower];
	const needed =
		ends === null
			? null
			: rewrite.view.nodesBefore(
					ends.flatMap(({ node, product }) => rewrite.view.node(product ?? node).output)
				);
	for (const { name } of graph.output) {
		const producer = rewrite.view.producer(name);
		const beyond = needed !== null && producer !== null && !needed.has(producer);
		if (beyond || ('logits' in goal && name === goal.logits)) rewrite.dropOutput(name);
	}
}

/** Puts an input in the place of what a layer attended; what it had is made all the same, for its type. */
function feed(rewrite: GraphRewrite, attention: AttentionLayer, opset: number): string {
	const index = attention.product ?? attention.node;
	const node = rewrite.view.node(index);
	const attended = attendedValue(rewrite.view, attention);
	const name = `${rewrite.prefix}attended.${attention.layer}`;
	const own = `${name}.own`;
	const graph: GraphBuilder = rewrite.builder();
	if (opset >= CAST_LIKE) graph.node(name, 'CastLike', [name, own], { outputs: [attended] });
	else graph.node(name, 'Identity', [name], { outputs: [attended] });
	const info = valueInfo(name, FLOAT, []);
	if (info.type?.value.case === 'tensorType') info.type.value.value.shape = undefined;
	rewrite.addInput(info);
	const output = [own, ...node.output.slice(1)];
	rewrite.replace(index, withFields(NodeProtoSchema, node, { output }), graph);
	return name;
}

/** A dropped layer's output becomes zero by being taken from itself before it is added. */
function takeFromItself(rewrite: GraphRewrite, attention: AttentionLayer): void {
	const { view, prefix } = rewrite;
	const { joined, derived } = whereJoined(view, attention);
	const node = view.node(joined);
	const graph = rewrite.builder();
	const input = node.input.map((each, at) => {
		if (at > 1 || !derived.has(each)) return each;
		return graph.node(`${prefix}zero.${attention.layer}`, 'Sub', [each, each]);
	});
	// A bias that the node adds to the block's output is the block's.
	const bias = node.opType === 'SkipLayerNormalization' ? 4 : 3;
	const kept = node.opType.startsWith('Skip') ? input.slice(0, bias) : input;
	rewrite.replace(joined, graph, withFields(NodeProtoSchema, node, { input: kept }));
}

/** A layer's values: [1, heads, S, D], or [1, S, heads · D] as a node is given them. */
function valuesOf(
	attention: AttentionLayer,
	{ view, prefix }: GraphRewrite,
	graph: GraphBuilder
): string {
	if (attention.product !== null) return view.node(attention.product).input[1];
	if (attention.form === 'contribAttention') {
		const parts = partsOf(view, attention);
		const [q, k, v] = parts.sizes;
		const all = projected(graph, `${prefix}values`, parts, parts.weight, parts.bias);
		return sliced(graph, `${prefix}values`, all, q + k, q + k + v);
	}
	const node = view.node(attention.node);
	return attention.form === 'GroupQueryAttention' ? node.output[PRESENT_VALUE] : node.input[VALUE];
}
