import { create } from '@bufbuild/protobuf';
import { InputError } from '../../errors.ts';
import {
	GraphProtoSchema,
	NodeProtoSchema,
	type GraphProto,
	type NodeProto
} from '../../proto/onnx_pb.ts';
import { withFields } from './copy.ts';
import { attributeOf, inputsOf } from './graphView.ts';
import type { OnnxModel } from './read.ts';
import { FreeNames, renamedInfo, renamedNode, renamedTensor } from './renamed.ts';

/** The input by which merged decoders choose between their branches, as optimum and transformers.js have it. */
const USE_CACHE = 'use_cache_branch';

/** Returns true if a node chooses between a decoder with a cache and one without. */
function isCacheChoice({ opType, input }: NodeProto): boolean {
	return opType === 'If' && input[0] === USE_CACHE;
}

/**
 * The graph of a merged decoder as it is without a cache, flat: the branch for `use_cache_branch` false in the place
 * of the choice. Inputs that only the choice or the other branch took are gone. null: the graph is no such decoder.
 */
export function withoutCache(graph: GraphProto): GraphProto | null {
	if (!graph.input.some(({ name }) => name === USE_CACHE)) return null;
	const choices = graph.node.filter(isCacheChoice);
	if (choices.length === 0) return null;
	const flat = choices.reduce(spliced, graph);
	const taken = new Set(flat.output.map(({ name }) => name));
	for (const node of flat.node) for (const name of inputsOf(node)) taken.add(name);
	const chosen = new Set(choices.flatMap((node) => [...inputsOf(node)]));
	const input = flat.input.filter(({ name }) => taken.has(name) || !chosen.has(name));
	return withFields(GraphProtoSchema, flat, { input });
}

/** Throws InputError where a model is a merged decoder, whose branches cannot both be written with a plan. */
export function checkWritable({ file, merged }: OnnxModel): void {
	if (!merged) return;
	throw new InputError(
		`${file}: a merged decoder (${USE_CACHE}), of which the branch without cache was looked into; expected a model exported without merging`
	);
}

/** A graph with a choice's branch for false in its place. */
function spliced(graph: GraphProto, choice: NodeProto): GraphProto {
	const branch = attributeOf(choice, 'else_branch')?.g;
	if (branch === undefined) return graph;
	const others = graph.node.filter((node) => node !== choice);
	const free = new FreeNames([
		...[...graph.input, ...graph.initializer].map(({ name }) => name),
		...others.flatMap(({ output }) => output),
		...choice.output
	]);
	// What the branch puts out under the name that the choice does is that value.
	const own = branch.output.map(({ name }) => name);
	const same = new Set(own.filter((name, at) => choice.output[at] === name));
	const made = [
		...branch.initializer.map(({ name }) => name),
		...branch.node.flatMap(({ output }) => output)
	];
	const names = new Map<string, string>();
	for (const name of made) {
		if (name === '' || same.has(name)) continue;
		const fresh = free.take(name);
		if (fresh !== name) names.set(name, fresh);
	}
	const passed = choice.output.flatMap((output, at) => {
		if (output === '' || output === own[at]) return [];
		const input = [names.get(own[at]) ?? own[at]];
		return [
			create(NodeProtoSchema, {
				name: `spanwise.branch.${output}`,
				opType: 'Identity',
				input,
				output: [output]
			})
		];
	});
	const inner = branch.node.map((node) => renamedNode(node, names));
	return withFields(GraphProtoSchema, graph, {
		node: graph.node.flatMap((node) => (node === choice ? [...inner, ...passed] : [node])),
		initializer: [
			...graph.initializer,
			...branch.initializer.map((tensor) => renamedTensor(tensor, names))
		],
		valueInfo: [...graph.valueInfo, ...branch.valueInfo.map((info) => renamedInfo(info, names))]
	});
}
