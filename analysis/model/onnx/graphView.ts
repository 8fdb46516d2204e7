import type {
	AttributeProto,
	GraphProto,
	NodeProto,
	TensorProto,
	ValueInfoProto
} from '../../proto/onnx_pb.ts';
import { integersOf } from './tensors.ts';

/** A dimension as a graph declares it: its size, the name of a free one, or nothing. */
export type DeclaredSize = number | string | null;

/** A graph whose values can be followed both ways. Nodes are named by their index in the proto. */
export class GraphView {
	readonly graph: GraphProto;
	readonly #producers = new Map<string, number>();
	readonly #consumers = new Map<string, number[]>();
	readonly #initializers: Map<string, TensorProto>;
	readonly #infos: Map<string, ValueInfoProto>;
	readonly #outputs: Set<string>;
	readonly #inputs: Set<string>;

	constructor(graph: GraphProto) {
		this.graph = graph;
		for (const [index, node] of graph.node.entries()) {
			for (const name of node.output) if (name !== '') this.#producers.set(name, index);
			for (const name of inputsOf(node)) {
				const others = this.#consumers.get(name);
				if (others === undefined) this.#consumers.set(name, [index]);
				else others.push(index);
			}
		}
		this.#initializers = new Map(graph.initializer.map((tensor) => [tensor.name, tensor]));
		this.#infos = new Map(
			[...graph.valueInfo, ...graph.input, ...graph.output].map((info) => [info.name, info])
		);
		this.#outputs = new Set(graph.output.map(({ name }) => name));
		// Old exporters list initializers among the inputs too.
		const given = graph.input.filter(({ name }) => !this.#initializers.has(name));
		this.#inputs = new Set(given.map(({ name }) => name));
	}

	node(index: number): NodeProto {
		return this.graph.node[index];
	}

	/** Index of the node that makes a value; null: an input, an initializer or nothing. */
	producer(value: string): number | null {
		return this.#producers.get(value) ?? null;
	}

	producerNode(value: string): NodeProto | null {
		const index = this.producer(value);
		return index === null ? null : this.node(index);
	}

	/** Indices of the nodes that take a value. */
	consumers(value: string): readonly number[] {
		return this.#consumers.get(value) ?? [];
	}

	initializer(value: string): TensorProto | null {
		return this.#initializers.get(value) ?? null;
	}

	isInput(value: string): boolean {
		return this.#inputs.has(value);
	}

	isOutput(value: string): boolean {
		return this.#outputs.has(value);
	}

	/** A constant: an initializer or what a Constant node holds. */
	constant(value: string): TensorProto | null {
		const tensor = this.initializer(value);
		if (tensor !== null) return tensor;
		const node = this.producerNode(value);
		if (node?.opType === 'Identity') return this.constant(node.input[0]);
		return node?.opType === 'Constant' ? (attributeOf(node, 'value')?.t ?? null) : null;
	}

	/** The integers that a constant holds; null: it is none, or not of integers. */
	integers(value: string): number[] | null {
		const tensor = this.constant(value);
		return tensor === null ? null : integersOf(tensor);
	}

	/** A value's dimensions as far as the graph declares them; null: it does not. */
	shape(value: string): DeclaredSize[] | null {
		const tensor = this.initializer(value);
		if (tensor !== null) return tensor.dims.map(Number);
		const type = this.#infos.get(value)?.type?.value;
		if (type?.case !== 'tensorType') return null;
		return type.value.shape === undefined
			? null
			: type.value.shape.dim.map(({ value }) => sizeOf(value));
	}

	/** A value's element type (TensorProto.DataType); null: the graph does not say. */
	elementType(value: string): number | null {
		const tensor = this.initializer(value);
		if (tensor !== null) return tensor.dataType;
		const type = this.#infos.get(value)?.type?.value;
		return type?.case === 'tensorType' ? type.value.elemType : null;
	}

	/**
	 * Nodes in an order in which each comes after those it needs, as the proto's order should be: that of the
	 * graph, whatever nodes are called.
	 */
	topologicalOrder(): number[] {
		const order: number[] = [];
		const seen = new Uint8Array(this.graph.node.length);
		for (const root of this.graph.node.keys()) {
			const stack = [root];
			for (let node = stack.at(-1); node !== undefined; node = stack.at(-1)) {
				const waiting = seen[node] === 0 ? this.#needed(node).filter((at) => seen[at] === 0) : [];
				if (seen[node] === 0) seen[node] = 1;
				if (waiting.length > 0) stack.push(...waiting);
				else {
					stack.pop();
					if (seen[node] === 1) order.push(node);
					seen[node] = 2;
				}
			}
		}
		return order;
	}

	#needed(node: number): number[] {
		return [...inputsOf(this.node(node))].flatMap((name) => this.producer(name) ?? []);
	}

	/** Indices of the nodes without which some of these values cannot be had. */
	nodesBefore(values: readonly string[]): Set<number> {
		const nodes = new Set(values.flatMap((value) => this.producer(value) ?? []));
		for (const node of nodes) for (const needed of this.#needed(node)) nodes.add(needed);
		return nodes;
	}
}

function sizeOf(
	value:
		{ case: 'dimValue'; value: bigint } | { case: 'dimParam'; value: string } | { case: undefined }
): DeclaredSize {
	if (value.case === undefined) return null;
	return value.case === 'dimValue' ? Number(value.value) : value.value;
}

/** Names of the values that a node takes, those that only its branches or its body take included. */
export function inputsOf(node: NodeProto): Set<string> {
	const names = new Set(node.input);
	for (const { g } of node.attribute) {
		for (const inner of g?.node ?? []) for (const name of inputsOf(inner)) names.add(name);
		for (const { name } of g?.output ?? []) names.add(name);
	}
	names.delete('');
	return names;
}

export function attributeOf(node: NodeProto, name: string): AttributeProto | null {
	return node.attribute.find((attribute) => attribute.name === name) ?? null;
}

/** An integer attribute; null: it is not given. */
export function integerOf(node: NodeProto, name: string): number | null {
	const attribute = attributeOf(node, name);
	return attribute === null ? null : Number(attribute.i);
}
