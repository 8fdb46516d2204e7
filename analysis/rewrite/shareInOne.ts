import { create } from '@bufbuild/protobuf';
import { InputError } from '../errors.ts';
import {
	NodeProtoSchema,
	TensorShapeProto_DimensionSchema,
	TensorShapeProtoSchema,
	TypeProto_TensorSchema,
	TypeProtoSchema,
	ValueInfoProtoSchema,
	type NodeProto,
	type ValueInfoProto
} from '../proto/onnx_pb.ts';
import { isMadeOf } from '../model/onnx/cacheNames.ts';
import { withFields } from '../model/onnx/copy.ts';
import { integerOf } from '../model/onnx/graphView.ts';
import type { GraphRewrite } from './rewrite.ts';
import { measureOther } from './shareCache.ts';
import type { AttentionLayer } from '../model/onnx/types.ts';

/** Note on followers whose caches held keys and values in one tensor. */
export const VALUES_ALONE =
	'caches of followers, of keys and values in one tensor, hold values alone: [1, batch, heads, tokens, width]';

/** Places of keys and of values in a cache [2, B, heads, tokens, width]. */
const [KEYS, VALUES] = [0, 1];

/**
 * Leaves values alone in the cache of a follower that is written out, where keys and values are one tensor: Gathers
 * take them from it, and a Concat puts them together again. Throws InputError where it is written otherwise.
 */
export function keepValuesAlone(rewrite: GraphRewrite, attention: AttentionLayer): void {
	const { view } = rewrite;
	const { pastValue: past, presentValue: present } = attention.values;
	if (past === null || present === null) throw notAlone(attention, past ?? 'its cache');
	const joined = view.producer(present);
	const join = joined === null ? null : view.node(joined);
	if (joined === null || join?.opType !== 'Concat' || join.input.length !== 2) {
		throw notAlone(attention, present);
	}
	const parts = new Map<number, number>();
	for (const index of view.consumers(past)) {
		const node = view.node(index);
		if (node.opType === 'Shape') continue;
		const part = gathered(view.integers(node.input[1] ?? ''), node);
		if (part === null || parts.has(part)) throw notAlone(attention, past);
		parts.set(part, index);
	}
	const [keys, values] = [KEYS, VALUES].map((part) => parts.get(part));
	if (keys === undefined || values === undefined) throw notAlone(attention, past);
	const graph = rewrite.builder();
	const [ownKeys, ownValues] = [keys, values].map((index) => view.node(index));
	// One place may stand in one dimension, which is then squeezed away behind the Gather.
	const dims = view.constant(ownValues.input[1])?.dims.map(Number) ?? [];
	const first = graph.constant(`${rewrite.prefix}first.${dims.length}`, [0n], dims);
	const [part] = ownValues.output;
	const used = attention.values.value;
	const own =
		used !== null && isMadeOf(view, used, part) && isMadeOf(view, join.input[VALUES], part);
	if (!own) throw notAlone(attention, past);
	rewrite.replace(keys);
	rewrite.replace(values, graph, withFields(NodeProtoSchema, ownValues, { input: [past, first] }));
	measureOther(rewrite, attention.layer, ownKeys.output[0], part);
	rewrite.replace(joined, withFields(NodeProtoSchema, join, { input: join.input.slice(VALUES) }));
	for (const cache of [past, present]) declareOnePart(rewrite, attention, cache);
}

/** Declares a cache of the graph, [2, B, heads, tokens, width], to be of one part. */
export function declareOnePart(
	rewrite: GraphRewrite,
	attention: AttentionLayer,
	cache: string
): void {
	const { input, output } = rewrite.view.graph;
	const info = [...input, ...output].find(({ name }) => name === cache);
	if (info === undefined) throw notAlone(attention, cache);
	rewrite.redeclare(ofOnePart(info));
}

/** The part that a Gather takes; null: it is none of one part. */
function gathered(places: number[] | null, node: NodeProto): number | null {
	const whole = node.opType === 'Gather' && (integerOf(node, 'axis') ?? 0) === 0;
	const [place] = places ?? [];
	if (!whole || places?.length !== 1 || ![KEYS, VALUES, -1, -2].includes(place)) return null;
	return place < 0 ? place + 2 : place;
}

function ofOnePart(info: ValueInfoProto): ValueInfoProto {
	const type = info.type;
	if (type?.value.case !== 'tensorType' || type.value.value.shape === undefined) return info;
	const { shape } = type.value.value;
	const one = create(TensorShapeProto_DimensionSchema, { value: { case: 'dimValue', value: 1n } });
	const changed = withFields(TensorShapeProtoSchema, shape, { dim: [one, ...shape.dim.slice(1)] });
	const value = withFields(TypeProto_TensorSchema, type.value.value, { shape: changed });
	return withFields(ValueInfoProtoSchema, info, {
		type: withFields(TypeProtoSchema, type, { value: { case: 'tensorType', value } })
	});
}

function notAlone({ layer, operator, name }: AttentionLayer, cache: string): InputError {
	return new InputError(
		`layer ${layer}: ${operator} ${name} cannot be a follower: keys and values are one tensor in the cache, ${cache}, and cannot be separated`
	);
}
