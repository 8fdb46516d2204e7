import { create } from '@bufbuild/protobuf';
import { GraphBuilder } from '../proto/builder.ts';
import {
	AttributeProtoSchema,
	GraphProtoSchema,
	NodeProtoSchema,
	TensorShapeProto_DimensionSchema,
	TensorShapeProtoSchema,
	TypeProto_TensorSchema,
	TypeProtoSchema,
	ValueInfoProtoSchema,
	type GraphProto,
	type NodeProto,
	type ValueInfoProto
} from '../proto/onnx_pb.ts';
import { valuePlaces } from '../graph/decode/cacheSlots.ts';
import { withFields } from '../model/onnx/copy.ts';
import type { LayerCache } from './shareCache.ts';

/** Begins the names of what is added. */
const PREFIX = 'spanwise.pair.';
const WIDTH = 3;

/**
 * Gives the values that followers keep in the cache names of keys and values in pairs, as `valuePlaces` has them, so that
 * programs that find a cache by its keys, or take its parts by two, run the graph. `caches`: the names that each layer had.
 * Where a follower had no key of its own there, or one tensor for both, nothing is changed; where the width of an odd
 * follower's values is not fixed they stay alone.
 */
export function pairCaches(
	graph: GraphProto,
	caches: readonly LayerCache[],
	sources: readonly (number | null)[]
): GraphProto {
	const names = new Map<string, string>();
	const halves: { value: string; key: string; side: 'past' | 'present' }[] = [];
	for (const [follower, { layer, part }] of valuePlaces(sources)) {
		for (const side of ['past', 'present'] as const) {
			const own = caches[follower].value[side];
			const key = caches[layer].key[side];
			const value = caches[layer].value[side];
			if (own === null || key === null || value === null || key === value) return graph;
			if (part === 'both') halves.push({ value, key, side });
			else names.set(own, part === 'key' ? key : value);
		}
	}
	const paired = renamedGraph(graph, names);
	if (halves.some(({ value }) => evenWidth(paired, value) === null)) return paired;
	return halves.reduce(cutInHalves, paired);
}

function renamedGraph(graph: GraphProto, names: ReadonlyMap<string, string>): GraphProto {
	if (names.size === 0) return graph;
	const renamed = (name: string): string => names.get(name) ?? name;
	const info = (each: ValueInfoProto): ValueInfoProto =>
		names.has(each.name)
			? withFields(ValueInfoProtoSchema, each, { name: renamed(each.name) })
			: each;
	const node = (each: NodeProto): NodeProto => {
		const attribute = each.attribute.map((given) =>
			given.g === undefined
				? given
				: withFields(AttributeProtoSchema, given, { g: renamedGraph(given.g, names) })
		);
		return withFields(NodeProtoSchema, each, {
			input: each.input.map(renamed),
			output: each.output.map(renamed),
			attribute
		});
	};
	return withFields(GraphProtoSchema, graph, {
		node: graph.node.map(node),
		input: graph.input.map(info),
		output: graph.output.map(info),
		valueInfo: graph.valueInfo.map(info)
	});
}

/** Half the width of values [B, heads, tokens, width]; null: it is not fixed, or odd. */
function evenWidth({ input, output }: GraphProto, name: string): number | null {
	const width = dimsOf([...input, ...output].find((each) => each.name === name)).at(-1)?.value;
	const found = width?.case === 'dimValue' ? Number(width.value) : 1;
	return found % 2 === 0 ? found / 2 : null;
}

function dimsOf(info: ValueInfoProto | undefined) {
	const value = info?.type?.value;
	return value?.case === 'tensorType' ? (value.value.shape?.dim ?? []) : [];
}

/** Keeps one input or output of values as two of half the width, the first by the name of the keys. */
function cutInHalves(
	graph: GraphProto,
	{ value, key, side }: { value: string; key: string; side: 'past' | 'present' }
): GraphProto {
	const width = evenWidth(graph, value) ?? 0;
	const whole = `${PREFIX}${value}`;
	const inner = renamedGraph(graph, new Map([[value, whole]]));
	const builder = new GraphBuilder('paired', PREFIX);
	if (side === 'past') {
		builder.node(`${whole}.whole`, 'Concat', [key, value], {
			outputs: [whole],
			attributes: { axis: BigInt(WIDTH) }
		});
	} else {
		// Slice is the same in all opsets that have it with places as inputs; Split is not.
		for (const [at, output] of [key, value].entries()) {
			const bounds = [at * width, (at + 1) * width, WIDTH].map((each) => builder.integers(each));
			builder.node(`${whole}.half.${at}`, 'Slice', [whole, ...bounds], { outputs: [output] });
		}
	}
	const { node, initializer } = builder.parts();
	const parts = (values: readonly ValueInfoProto[]): ValueInfoProto[] =>
		values.flatMap((info) =>
			info.name === whole ? [key, value].map((name) => withWidth(info, name, width)) : [info]
		);
	return withFields(GraphProtoSchema, inner, {
		node: side === 'past' ? [...node, ...inner.node] : [...inner.node, ...node],
		initializer: [...inner.initializer, ...initializer],
		input: parts(inner.input),
		output: parts(inner.output)
	});
}

function withWidth(info: ValueInfoProto, name: string, width: number): ValueInfoProto {
	const value = info.type?.value;
	if (info.type === undefined || value?.case !== 'tensorType') return info;
	const last = create(TensorShapeProto_DimensionSchema, {
		value: { case: 'dimValue', value: BigInt(width) }
	});
	const shape = create(TensorShapeProtoSchema, { dim: [...dimsOf(info).slice(0, -1), last] });
	const tensor = withFields(TypeProto_TensorSchema, value.value, { shape });
	const type = withFields(TypeProtoSchema, info.type, {
		value: { case: 'tensorType', value: tensor }
	});
	return withFields(ValueInfoProtoSchema, info, { name, type });
}
