import { create } from '@bufbuild/protobuf';
import { InputError } from '../../errors.ts';
import {
	AttributeProtoSchema,
	GraphProtoSchema,
	ModelProtoSchema,
	NodeProtoSchema,
	type AttributeProto,
	type FunctionProto,
	type GraphProto,
	type ModelProto,
	type NodeProto
} from '../../proto/onnx_pb.ts';
import { withFields } from './copy.ts';
import { FreeNames, renamedNode } from './renamed.ts';

/** Calls in calls; functions of ONNX do not call themselves. */
const DEEPEST = 64;
/** Nodes that calls may become; graphs of language models have tens of thousands. */
const MOST_NODES = 200_000;

/**
 * A model in which calls of functions of its own are the nodes that these consist of. A function of other versions of
 * the operators than the model's stays as it is, and so does a model that calls none: the same message is returned.
 * Throws InputError, which names `file`, where functions call themselves or make far more nodes than a model has.
 */
export function withoutFunctions(model: ModelProto, file: string): ModelProto {
	const { graph, functions, opsetImport } = model;
	if (graph === undefined || functions.length === 0) return model;
	const versions = new Map(opsetImport.map(({ domain, version }) => [standard(domain), version]));
	const known = new Map<string, FunctionProto>();
	const imports = [...opsetImport];
	for (const each of functions) {
		const fits = each.opsetImport.every(
			({ domain, version }) => (versions.get(standard(domain)) ?? version) === version
		);
		if (!fits) continue;
		known.set(keyOf(each.domain, each.name, each.overload), each);
		for (const needed of each.opsetImport) {
			if (versions.has(standard(needed.domain))) continue;
			versions.set(standard(needed.domain), needed.version);
			imports.push(needed);
		}
	}
	const used = namesIn(graph.node);
	for (const { name } of [...graph.input, ...graph.initializer]) used.add(name);
	const inliner = new Inliner(known, new FreeNames(used), file);
	const node = inliner.expanded(graph.node, 0);
	if (!inliner.inlined) return model;
	return withFields(ModelProtoSchema, model, {
		graph: withFields(GraphProtoSchema, graph, { node }),
		// One that stays may call any of the others.
		functions: known.size === functions.length ? [] : functions,
		opsetImport: imports
	});
}

/** Puts functions' nodes in the places of their calls, under names that nothing else has. */
class Inliner {
	/** True if any call was replaced. */
	inlined = false;
	readonly #functions: ReadonlyMap<string, FunctionProto>;
	readonly #free: FreeNames;
	readonly #file: string;
	#made = 0;

	constructor(functions: ReadonlyMap<string, FunctionProto>, free: FreeNames, file: string) {
		this.#functions = functions;
		this.#free = free;
		this.#file = file;
	}

	expanded(nodes: readonly NodeProto[], depth: number): NodeProto[] {
		if (depth > DEEPEST) {
			throw new InputError(
				`${this.#file}: calls of functions of its own lie more than ${DEEPEST} deep in each other; functions of ONNX do not call themselves`
			);
		}
		return nodes.flatMap((node) => {
			const called = this.#functions.get(keyOf(node.domain, node.opType, node.overload));
			if (called !== undefined) {
				this.inlined = true;
				return this.expanded(this.#body(node, called), depth + 1);
			}
			return [withBodies(node, (inner) => this.expanded(inner, depth))];
		});
	}

	#body(call: NodeProto, called: FunctionProto): NodeProto[] {
		this.#made += countNodes(called.node);
		if (this.#made > MOST_NODES) {
			throw new InputError(
				`${this.#file}: calls of functions of its own become more than ${MOST_NODES} nodes; expected fewer`
			);
		}
		const names = new Map(called.input.map((name, at) => [name, call.input[at] ?? '']));
		const prefix = call.name === '' ? called.name : call.name;
		const passed: NodeProto[] = [];
		for (const [at, name] of called.output.entries()) {
			const output = call.output[at] || '';
			if (output === '') continue;
			const before = names.get(name);
			if (before === undefined) names.set(name, output);
			else {
				// An input, or what is put out twice.
				passed.push(
					create(NodeProtoSchema, { opType: 'Identity', input: [before], output: [output] })
				);
			}
		}
		for (const name of namesIn(called.node)) {
			if (names.has(name)) continue;
			names.set(name, this.#free.take(`${prefix}/${name}`));
		}
		const given = new Map(
			[...called.attributeProto, ...call.attribute].map((attribute) => [attribute.name, attribute])
		);
		const body = called.node.map((node) => {
			const name = `${prefix}/${node.name || node.opType}`;
			const own = renamedNode(withFields(NodeProtoSchema, node, { name }), names);
			return withAttributes(own, given);
		});
		return [...body, ...passed];
	}
}

/** A node whose attributes that name one of the function's have its value; those without one are left out. */
function withAttributes(node: NodeProto, given: ReadonlyMap<string, AttributeProto>): NodeProto {
	const attribute = node.attribute.flatMap((each) => {
		if (each.refAttrName === '') return [each];
		const value = given.get(each.refAttrName);
		return value === undefined
			? []
			: [withFields(AttributeProtoSchema, value, { name: each.name })];
	});
	return withBodies(withFields(NodeProtoSchema, node, { attribute }), (inner) =>
		inner.map((each) => withAttributes(each, given))
	);
}

/** A node with the nodes of its branches or its body changed; itself where it has none. */
function withBodies(node: NodeProto, change: (nodes: NodeProto[]) => NodeProto[]): NodeProto {
	if (!node.attribute.some(({ g }) => g !== undefined)) return node;
	const changed = (g: GraphProto) => withFields(GraphProtoSchema, g, { node: change(g.node) });
	return withFields(NodeProtoSchema, node, {
		attribute: node.attribute.map((each) =>
			each.g === undefined ? each : withFields(AttributeProtoSchema, each, { g: changed(each.g) })
		)
	});
}

/** Nodes, those in branches and bodies included. */
function countNodes(nodes: readonly NodeProto[]): number {
	return nodes.reduce(
		(sum, { attribute }) =>
			attribute.reduce((inner, { g }) => inner + countNodes(g?.node ?? []), sum + 1),
		0
	);
}

/** Names of all values that nodes make, those inside branches and bodies included. */
function namesIn(nodes: readonly NodeProto[]): Set<string> {
	const names = new Set<string>();
	for (const { output, attribute } of nodes) {
		for (const name of output) names.add(name);
		for (const { g } of attribute) {
			if (g === undefined) continue;
			for (const { name } of [...g.input, ...g.initializer]) names.add(name);
			for (const name of namesIn(g.node)) names.add(name);
		}
	}
	names.delete('');
	return names;
}

function keyOf(domain: string, name: string, overload: string): string {
	return JSON.stringify([standard(domain), name, overload]);
}

function standard(domain: string): string {
	return domain === 'ai.onnx' ? '' : domain;
}
