import { NodeProtoSchema, type GraphProto } from '../proto/onnx_pb.ts';
import { withFields } from '../model/onnx/copy.ts';
import { attributeOf, GraphView, integerOf } from '../model/onnx/graphView.ts';
import { packedProduct } from '../model/onnx/packed.ts';
import { GraphRewrite } from './rewrite.ts';
import { cutProduct, keptWhole, type SharedWeights } from './shareCut.ts';
import type { AttentionLayer } from '../model/onnx/types.ts';

/** Operators allowed between values as they are used and as they were cut out of a product. */
const BETWEEN = ['Transpose', 'Reshape', 'Unsqueeze', 'Expand', 'Cast', 'Identity'];
/** Place of the new values in a Concat behind those of the cache, and of values among a node's inputs. */
const NEW_VALUES = 1;
const VALUE = 2;
/** [B, S, columns]. */
const LAST_AXES = [2, -1];

/**
 * Cuts products of q, k and v that are split in the graph down to the values, where sharing left only these in use:
 * GPT-2's Split, Phi-3's Slice. Where a product cannot be cut it is kept, and a note says so.
 */
export function cutSplitValues(
	graph: GraphProto,
	original: GraphView,
	followers: readonly AttentionLayer[],
	weights: SharedWeights
): GraphProto {
	if (followers.length === 0) return graph;
	const rewrite = new GraphRewrite(new GraphView(graph));
	for (const attention of followers.filter(({ packed }) => !packed)) {
		const { product, node, layer } = attention;
		const values = original.node(product ?? node).input[product === null ? VALUE : 1];
		const split = splitBefore(rewrite.view, values);
		if (split === null) continue;
		if (!cutSplit(rewrite, split, `${rewrite.prefix}layer.${layer}`, weights)) {
			weights.notes.push(keptWhole(layer));
		}
	}
	return rewrite.finish();
}

/** Index of the Split or Slice that values come from; null: they have a projection of their own. */
function splitBefore(view: GraphView, values: string): number | null {
	for (let value = values; ;) {
		const index = view.producer(value);
		if (index === null) return null;
		const { opType, input } = view.node(index);
		if (opType === 'Split' || opType === 'Slice') return index;
		if (opType !== 'Concat' && !BETWEEN.includes(opType)) return null;
		value = input[opType === 'Concat' ? NEW_VALUES : 0];
	}
}

/** Has the last columns of a product made by themselves, in the place of a Split or Slice; false: they cannot be. */
function cutSplit(
	rewrite: GraphRewrite,
	index: number,
	name: string,
	weights: SharedWeights
): boolean {
	const { view } = rewrite;
	const node = view.node(index);
	const [whole] = node.input;
	const output = node.output.findLast((each) => each !== '');
	const others = node.output.filter((each) => each !== output && each !== '');
	const measures = others.flatMap((each) => view.consumers(each));
	const idle =
		!others.some((each) => view.isOutput(each)) &&
		measures.every((each) => view.node(each).opType === 'Shape') &&
		(measures.length === 0 || alike(view, index));
	const reshaping = view.consumers(whole).length === 1 ? view.producerNode(whole) : null;
	const reshape = reshaping?.opType === 'Reshape' ? reshaping : null;
	const product = packedProduct(view, reshape === null ? whole : reshape.input[0]);
	if (output === undefined || !idle || product === null) return false;
	const count =
		node.opType === 'Split'
			? lastSplit(view, index, product.columns)
			: lastSlice(view, index, product.columns);
	const cut = count === null ? null : cutProduct(rewrite, product, name, count, weights.cuts);
	if (count === null || cut === null) return false;
	const graph = rewrite.builder();
	if (reshape === null) graph.node(`${name}.values`, 'Identity', [cut], { outputs: [output] });
	else {
		const leading = graph.node(`${name}.leading`, 'Slice', [
			reshape.input[1],
			graph.integers(0),
			graph.integers(-1),
			graph.integers(0)
		]);
		const shape = graph.node(`${name}.shape`, 'Concat', [leading, graph.integers(count)], {
			attributes: { axis: 0n }
		});
		graph.node(`${name}.values`, 'Reshape', [cut, shape], { outputs: [output] });
	}
	rewrite.replace(index, graph);
	for (const each of measures) {
		rewrite.replace(each, withFields(NodeProtoSchema, view.node(each), { input: [output] }));
	}
	return true;
}

/** Sizes of a Split's outputs along its axis; null: they are equal, or not to be told. */
function splitSizes(view: GraphView, index: number): number[] | null {
	const node = view.node(index);
	const said = attributeOf(node, 'split')?.ints.map(Number);
	return said ?? (node.opType === 'Split' ? view.integers(node.input[1] ?? '') : null);
}

/** Tests if all outputs of a Split have one shape, so that the shape of any output stands for that of the others. */
function alike(view: GraphView, index: number): boolean {
	const node = view.node(index);
	const sizes = splitSizes(view, index);
	if (node.opType !== 'Split') return false;
	return sizes === null ? !node.input[1] : sizes.every((size) => size === sizes[0]);
}

/** Columns of a Split's last output; null: they are not to be told, or others but the last are in use. */
function lastSplit(view: GraphView, index: number, columns: number): number | null {
	const node = view.node(index);
	if (!LAST_AXES.includes(integerOf(node, 'axis') ?? 0)) return null;
	const last = node.output.at(-1) ?? '';
	if (last === '' || view.consumers(last).length === 0) return null;
	const sizes = splitSizes(view, index);
	if (sizes !== null) return sizes.at(-1) ?? null;
	const equal = columns / node.output.length;
	return Number.isInteger(equal) ? equal : null;
}

/** Columns that a Slice leaves, where it leaves the last; null: it does not, or that is not to be told. */
function lastSlice(view: GraphView, index: number, columns: number): number | null {
	const [start, end, axis, step = [1]] = view
		.node(index)
		.input.slice(1)
		.map((input) => view.integers(input));
	const lasts = axis?.length === 1 && LAST_AXES.includes(axis[0]) && step?.[0] === 1;
	if (!lasts || start === null || end === null || end[0] < columns) return null;
	const first = start[0] < 0 ? columns + start[0] : start[0];
	return first > 0 && first < columns ? columns - first : null;
}
