import { InputError } from '../errors.ts';
import type { GraphBuilder } from '../proto/builder.ts';
import { partsOf, type ContribAttention } from '../model/onnx/contribAttention.ts';
import {
	inHeads,
	joinHeads,
	kept,
	projected,
	exposeCache,
	sliced
} from '../graph/tapped/contribWritten.ts';
import type { GraphRewrite } from './rewrite.ts';
import { keptWhole, type SharedWeights } from './shareCut.ts';
import { declareOnePart, VALUES_ALONE } from './shareInOne.ts';
import type { AttentionLayer } from '../model/onnx/types.ts';
import { cutLast } from './weightCut.ts';

/** Axis of tokens in [B, heads, tokens, width]. */
const TOKENS = 2n;

/**
 * Makes a com.microsoft Attention use probabilities [B, H, S, keys] of another layer: what is left of it is the
 * projection of values, by the columns of the weight that make them, and their product. Its cache, one tensor of keys
 * and values, keeps name and rank and holds values alone. Throws InputError where something else needs that cache.
 */
export function followContrib(
	rewrite: GraphRewrite,
	graph: GraphBuilder,
	attention: AttentionLayer,
	probabilities: string,
	weights: SharedWeights
): void {
	const node = partsOf(rewrite.view, attention);
	const { heads, past, present, output } = node;
	const name = `${rewrite.prefix}layer.${attention.layer}`;
	const columns = projectedValues(rewrite, graph, attention, node, weights);
	const fresh = inHeads(graph, `${name}.v`, columns, heads);
	const value =
		past === null
			? fresh
			: graph.node(`${name}.v.cache`, 'Concat', [kept(graph, name, past, 0), fresh], {
					attributes: { axis: TOKENS }
				});
	if (present !== null) exposeCache(graph, name, [value], present);
	const caches = [past, present].filter((cache) => cache !== null);
	for (const cache of caches) holdValuesAlone(rewrite, attention, cache);
	if (caches.length > 0 && !weights.notes.includes(VALUES_ALONE)) weights.notes.push(VALUES_ALONE);
	joinHeads(graph, name, graph.node(`${name}.mix`, 'MatMul', [probabilities, value]), output);
	rewrite.replace(attention.node, graph);
}

/** Values [B, S, v] of a node; where its weights cannot be cut the product is kept, sliced, and a note says so. */
function projectedValues(
	rewrite: GraphRewrite,
	graph: GraphBuilder,
	{ layer }: AttentionLayer,
	node: ContribAttention,
	weights: SharedWeights
): string {
	const { weight, bias, sizes } = node;
	const name = `${rewrite.prefix}layer.${layer}`;
	const before = sizes[0] + sizes[1];
	const all = before + sizes[2];
	const cutOf = (value: string, across: boolean) => {
		const tensor = rewrite.view.constant(value);
		return tensor && cutLast(tensor, `${name}.${value}`, all, sizes[2], across);
	};
	const weightCut = cutOf(weight, true);
	const biasCut = cutOf(bias, false);
	if (weightCut === null || biasCut === null) {
		weights.notes.push(keptWhole(layer));
		return sliced(graph, `${name}.v`, projected(graph, name, node, weight, bias), before, all);
	}
	for (const cut of [weightCut, biasCut]) {
		rewrite.addInitializer(cut.tensor);
		if (cut.from !== null) weights.cuts.set(cut.tensor.name, cut.from);
	}
	return projected(graph, name, node, weightCut.tensor.name, biasCut.tensor.name);
}

/** Declares a cache of the graph, [2, B, heads, tokens, width], to be of one part. */
function holdValuesAlone(rewrite: GraphRewrite, attention: AttentionLayer, cache: string): void {
	const { view } = rewrite;
	const { layer, operator, name } = attention;
	const info = [...view.graph.input, ...view.graph.output].find((each) => each.name === cache);
	const taker = view
		.consumers(cache)
		.map((index) => view.node(index))
		.find((node) => node !== view.node(attention.node) && node.opType !== 'Shape');
	if (info === undefined || taker !== undefined) {
		const why =
			taker === undefined
				? 'is neither input nor output of the graph'
				: `goes into ${taker.opType} ${taker.name} too`;
		throw new InputError(
			`layer ${layer}: ${operator} ${name} cannot be a follower: ${cache}, its keys and values, ${why}`
		);
	}
	declareOnePart(rewrite, attention, cache);
}
