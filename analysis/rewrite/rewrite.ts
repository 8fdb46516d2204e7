import { InputError } from '../errors.ts';
import { GraphBuilder } from '../proto/builder.ts';
import {
	GraphProtoSchema,
	type GraphProto,
	type NodeProto,
	type TensorProto,
	type ValueInfoProto
} from '../proto/onnx_pb.ts';
import { withFields } from '../model/onnx/copy.ts';
import { GraphView, inputsOf } from '../model/onnx/graphView.ts';

/** Begins the names of nodes and values that are added. */
const PREFIX = 'spanwise.apply.';

/**
 * Changes to a graph, kept apart from it until they are made all at once. What is neither changed nor made idle by
 * a change stays the very message it was, unknown fields included.
 */
export class GraphRewrite {
	readonly view: GraphView;
	/** Begins the names of what is added; no name of the graph begins so. */
	readonly prefix: string;
	readonly #replaced = new Map<number, NodeProto[]>();
	readonly #appended: NodeProto[] = [];
	readonly #initializers = new Map<string, TensorProto>();
	readonly #valueInfo: ValueInfoProto[] = [];
	readonly #redeclared = new Map<string, ValueInfoProto>();
	readonly #addedInputs: ValueInfoProto[] = [];
	readonly #addedOutputs: ValueInfoProto[] = [];
	readonly #droppedOutputs = new Set<string>();
	readonly #droppedInputs = new Set<string>();

	constructor(view: GraphView) {
		this.view = view;
		this.prefix = unusedPrefix(view.graph);
	}

	/** Returns a builder for new nodes, which join the graph by `replace` or `append`. */
	builder(): GraphBuilder {
		return new GraphBuilder('added', this.prefix);
	}

	/** Puts nodes, and what builders hold, in the place of a node; constants join the initializers. */
	replace(index: number, ...by: (NodeProto | GraphBuilder)[]): void {
		if (this.#replaced.has(index)) throw new Error(`node ${index} is replaced twice`);
		const nodes = by.flatMap((each) => {
			if (!(each instanceof GraphBuilder)) return [each];
			const { node, initializer } = each.parts();
			for (const tensor of initializer) this.addInitializer(tensor);
			return node;
		});
		this.#replaced.set(index, nodes);
	}

	/** Adds what a builder holds behind all nodes. */
	append(graph: GraphBuilder): void {
		this.#appended.push(...graph.parts().node);
		for (const tensor of graph.parts().initializer) this.addInitializer(tensor);
	}

	/** A tensor of a name that is new; one that is added again is the same. */
	addInitializer(tensor: TensorProto): void {
		this.#initializers.set(tensor.name, tensor);
	}

	declare(info: ValueInfoProto): void {
		this.#valueInfo.push(info);
	}

	/** Puts another declaration of an input, output or value in the place of the one there is. */
	redeclare(info: ValueInfoProto): void {
		this.#redeclared.set(info.name, info);
	}

	/** Gives the graph an input, or an output, that it did not have. */
	addInput(info: ValueInfoProto): void {
		this.#addedInputs.push(info);
	}

	addOutput(info: ValueInfoProto): void {
		this.#addedOutputs.push(info);
	}

	/** Takes a value from the graph's outputs. */
	dropOutput(name: string): void {
		this.#droppedOutputs.add(name);
	}

	/** Says that nothing is to take an input any longer. */
	dropInput(name: string): void {
		this.#droppedInputs.add(name);
	}

	/**
	 * The graph with the changes made, without what they made idle: nodes, initializers, inputs that nothing takes
	 * any longer. What was idle before stays. Throws InputError where something that is left needs what is gone.
	 */
	finish(): GraphProto {
		const { graph } = this.view;
		const declared = (info: ValueInfoProto): ValueInfoProto =>
			this.#redeclared.get(info.name) ?? info;
		const left = graph.output.filter(({ name }) => !this.#droppedOutputs.has(name));
		const output = [...left.map(declared), ...this.#addedOutputs];
		const inPlace = graph.node.flatMap((node, at) => this.#replaced.get(at) ?? [node]);
		const all = [...inPlace, ...this.#appended];
		const whole = new GraphView(withFields(GraphProtoSchema, graph, { node: all, output }));
		const kept = this.#keptNodes(whole, output);
		const node = whole
			.topologicalOrder()
			.filter((at) => kept.has(at))
			.map((at) => all[at]);
		const taken = takenBy(node, output);
		const before = takenBy(graph.node, graph.output);
		const stays = ({ name }: { name: string }): boolean => taken.has(name) || !before.has(name);
		const added = [...this.#initializers.values()].filter(({ name }) => taken.has(name));
		const initializer = [...graph.initializer.filter(stays), ...added];
		const input = [...graph.input.filter(stays).map(declared), ...this.#addedInputs];
		const made = new Set(node.flatMap((each) => each.output));
		this.#checkComplete(node, new Set([...made, ...[...initializer, ...input].map((x) => x.name)]));
		const valueInfo = graph.valueInfo.filter(
			({ name }) => this.view.producer(name) === null || made.has(name)
		);
		return withFields(GraphProtoSchema, graph, {
			node,
			initializer,
			input,
			output,
			valueInfo: [...valueInfo.map(declared), ...this.#valueInfo]
		});
	}

	/** Nodes that outputs need, and those that nothing needed before the changes either. */
	#keptNodes(whole: GraphView, output: readonly ValueInfoProto[]): Set<number> {
		const kept = whole.nodesBefore(output.map(({ name }) => name));
		const before = this.view.nodesBefore(this.view.graph.output.map(({ name }) => name));
		const idle = new Set(this.view.graph.node.filter((_, at) => !before.has(at)));
		if (idle.size === 0) return kept;
		const stands = (name: string): boolean => {
			const producer = whole.producer(name);
			return producer === null || kept.has(producer);
		};
		for (const at of whole.topologicalOrder()) {
			if (idle.has(whole.node(at)) && [...inputsOf(whole.node(at))].every(stands)) kept.add(at);
		}
		return kept;
	}

	#checkComplete(nodes: readonly NodeProto[], there: ReadonlySet<string>): void {
		for (const node of nodes) {
			const gone = [...inputsOf(node)].find(
				(name) =>
					this.#droppedInputs.has(name) || (this.view.producer(name) !== null && !there.has(name))
			);
			if (gone === undefined) continue;
			throw new InputError(
				`node ${node.opType} ${node.name} reads ${gone}, which this plan removes; only the attention block may read it`
			);
		}
	}
}

function takenBy(nodes: readonly NodeProto[], outputs: readonly { name: string }[]): Set<string> {
	const names = new Set(outputs.map(({ name }) => name));
	for (const node of nodes) for (const name of inputsOf(node)) names.add(name);
	return names;
}

/** A model that was written with a plan may be given another. */
function unusedPrefix({ node, initializer }: GraphProto): string {
	const names = [...node, ...initializer].map(({ name }) => name);
	let prefix = PREFIX;
	for (let again = 2; names.some((name) => name.startsWith(prefix)); again++) {
		prefix = `${PREFIX}${again}.`;
	}
	return prefix;
}
