import { create } from '@bufbuild/protobuf';
import { InputError } from '../errors.ts';
import type { GraphBuilder } from '../proto/builder.ts';
import {
	AttributeProto_AttributeType as AttributeType,
	AttributeProtoSchema,
	NodeProtoSchema,
	type NodeProto
} from '../proto/onnx_pb.ts';
import { withFields } from '../model/onnx/copy.ts';
import { packedProduct, type PackedProduct } from '../model/onnx/packed.ts';
import type { GraphRewrite } from './rewrite.ts';
import type { AttentionLayer } from '../model/onnx/types.ts';
import { cutLast, type WeightCut } from './weightCut.ts';

/** Parts cut from weights, and notes on them for the user. */
export interface SharedWeights {
	/** By the name of the new tensor; of tensors in external data only, others are cut at once. */
	cuts: Map<string, WeightCut>;
	notes: string[];
}

/** Past the end of every axis, in a Slice. */
const TO_THE_END = Number.MAX_SAFE_INTEGER;
const LAST_AXIS = 2;

/**
 * The values [B, S, KV · D] of a layer whose q, k and v are one product, made by themselves: by the columns of the
 * weight that make them. Where the weight cannot be cut the product is kept, sliced, and a note says so.
 */
export function cutToValues(
	rewrite: GraphRewrite,
	graph: GraphBuilder,
	attention: AttentionLayer,
	weights: SharedWeights
): string {
	const { view, prefix } = rewrite;
	const { layer, heads, kvHeads } = attention;
	const packed = view.node(attention.node).input[0];
	const product = packedProduct(view, packed);
	const declared = view.shape(packed)?.at(-1);
	const total = product?.columns ?? (typeof declared === 'number' ? declared : null);
	const width =
		attention.headDim ??
		(total === null || heads === null || kvHeads === null ? null : total / (heads + 2 * kvHeads));
	if (kvHeads === null || width === null) {
		throw new InputError(
			`layer ${layer}: ${attention.operator} ${attention.name}: the width of its values cannot be told from the graph`
		);
	}
	const name = `${prefix}layer.${layer}`;
	const count = kvHeads * width;
	const value = product === null ? null : cutProduct(rewrite, product, name, count, weights.cuts);
	if (value !== null) return value;
	weights.notes.push(keptWhole(layer));
	return graph.node(`${name}.slice`, 'Slice', [
		packed,
		graph.integers(-count),
		graph.integers(TO_THE_END),
		graph.integers(LAST_AXIS)
	]);
}

export function keptWhole(layer: number): string {
	return `layer ${layer}: q, k and v are one product, which is kept whole: its weight cannot be cut`;
}

/** Puts a product of its last columns in a product's place; the name of their value, null: a tensor cannot be cut. */
export function cutProduct(
	rewrite: GraphRewrite,
	{ product, sum, columns, byColumn, weight }: PackedProduct,
	name: string,
	count: number,
	cuts: Map<string, WeightCut>
): string | null {
	const { view } = rewrite;
	const names = new Map<string, string>();
	const made = [
		...(weight === null ? [] : [{ of: weight, across: true }]),
		...byColumn.map((of) => ({ of, across: false }))
	].map(({ of, across }) => {
		const tensor = view.constant(of);
		const cut = tensor === null ? null : cutLast(tensor, `${name}.${of}`, columns, count, across);
		names.set(of, `${name}.${of}`);
		return cut;
	});
	for (const cut of made) if (cut === null) return null;
	for (const cut of made) {
		if (cut === null) continue;
		rewrite.addInitializer(cut.tensor);
		if (cut.from !== null) cuts.set(cut.tensor.name, cut.from);
	}
	const cutNode = (node: NodeProto, output: string): NodeProto =>
		withFields(NodeProtoSchema, node, {
			input: node.input.map((input) => names.get(input) ?? input),
			output: [output],
			attribute: node.attribute.map((each) =>
				each.name === 'N'
					? create(AttributeProtoSchema, {
							name: 'N',
							type: AttributeType.INT,
							i: BigInt(count)
						})
					: each
			)
		});
	const first = `${name}.product`;
	const original = view.node(product);
	names.set(original.output[0], first);
	rewrite.replace(product, cutNode(original, first));
	if (sum === null) return first;
	rewrite.replace(sum, cutNode(view.node(sum), `${name}.sum`));
	return `${name}.sum`;
}
