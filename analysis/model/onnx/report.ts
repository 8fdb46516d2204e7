import type { AttendingLayers } from '../checkpoint/types.ts';
import { isInputError } from '../../errors.ts';
import { checkModel } from './check.ts';
import type { DeclaredSize, GraphView } from './graphView.ts';
import type { FoundOnnx } from './open.ts';
import { elementTypeName } from './tensors.ts';
import type { AttentionLayer, Probabilities } from './types.ts';
import { weightFacts } from './weights.ts';
import { shownWindows } from './windows.ts';
import { attendingLayers, type WrittenPlan } from './writtenPlan.ts';

/** Description of an ONNX model before any run. */
export interface OnnxReport {
	name: string;
	file: string;
	/** Program that wrote the file: "pytorch 2.13.0"; empty: it does not say. */
	producer: string;
	opset: number;
	architecture: string | null;
	parameters: number;
	/** Bytes of the file and its external data. */
	bytes: number;
	dtype: string;
	/** Number of files with external data. */
	dataFiles: number;
	/** Those whose attention the graph has. */
	layers: LayerReport[];
	/** null: it was written with no plan that is known. */
	planned: AttendingLayers | null;
	inputs: ValueReport[];
	outputs: ValueReport[];
	/** Remarks on the model, such as sliding windows that cannot be told; a line each. */
	notes: string[];
	/** Reason that it cannot be analysed; null: it can. */
	problem: string | null;
}

export interface LayerReport {
	/** Of the model; its place in the graph where a plan was written in and its number is not known. */
	layer: number;
	/** Name of the attention's node. */
	node: string;
	/** "Softmax", "com.microsoft.GroupQueryAttention". */
	form: string;
	/** null: neither graph nor config.json tells. */
	heads: number | null;
	kvHeads: number | null;
	/** Keys a query sees at most; null: all before it. */
	reach: number | null;
	/** Availability of its attention probabilities, and how they are read or why they cannot be. */
	probabilities: { available: boolean; how: string };
	/** Ability to follow another layer, and the loss if it does or the reason why it cannot. */
	shareable: { possible: boolean; why: string };
}

export interface ValueReport {
	name: string;
	type: string;
	shape: DeclaredSize[];
}

/** Describes a model whose attention was found. */
export function onnxReport(found: FoundOnnx): OnnxReport {
	const { name, onnx, view, layers, config, plan, windows } = found;
	const own = plan === null ? null : ownLayers(layers, plan);
	const reach = shownWindows(windows);
	const { producerName, producerVersion } = onnx.proto;
	return {
		name,
		file: onnx.file,
		producer: `${producerName} ${producerVersion}`.trim(),
		opset: onnx.opset,
		architecture: config?.architecture ?? null,
		...weightFacts(onnx.graph),
		bytes: onnx.bytes,
		dataFiles: new Set(onnx.external.files.values()).size,
		layers: layers.map((layer, at) => ({
			layer: own?.[at] ?? at,
			node: layer.name,
			form: layer.operator,
			heads: layer.heads ?? config?.heads ?? null,
			kvHeads: config?.kvHeads ?? layer.kvHeads,
			reach: reach[at],
			probabilities: {
				available: layer.probabilities.how !== 'none',
				how: howHad(layer.probabilities)
			},
			shareable: sharing(layer, found)
		})),
		planned: attendingLayers(plan),
		inputs: onnx.graph.input
			.filter((input) => view.isInput(input.name))
			.map((input) => valueReport(view, input.name)),
		outputs: onnx.graph.output.map((output) => valueReport(view, output.name)),
		notes: windows.notes,
		problem: problemOf(found)
	};
}

/** Numbers that the layers found have in the model: the k-th is the k-th with keys; where some were not found, by name. */
function ownLayers(layers: readonly AttentionLayer[], { own }: WrittenPlan): number[] | null {
	if (own.length === layers.length) return own;
	const named = layers.map(({ name }) => Number(/\blayers\.(\d+)\b/.exec(name)?.[1] ?? NaN));
	return named.every((layer) => own.includes(layer)) ? named : null;
}

function howHad(probabilities: Probabilities): string {
	switch (probabilities.how) {
		case 'value':
			return 'value of the graph';
		case 'output':
			return `4th output, ${probabilities.attribute.name}=${probabilities.attribute.value}`;
		case 'scores':
			return '4th output, softmax added';
		case 'written':
			return 'written out in operators';
		case 'none':
			return probabilities.reason;
	}
}

function sharing(
	{ sharing: said }: AttentionLayer,
	{ onnx, plan }: FoundOnnx
): LayerReport['shareable'] {
	if (plan !== null) return { possible: false, why: 'already written with a plan' };
	if (onnx.merged) return { possible: false, why: 'of a merged decoder: export without merging' };
	return said.possible
		? { possible: true, why: `loses ${said.lost}` }
		: { possible: false, why: said.reason };
}

function valueReport(view: GraphView, name: string): ValueReport {
	const type = view.elementType(name);
	return {
		name,
		type: type === null ? 'unknown' : elementTypeName(type),
		shape: view.shape(name) ?? []
	};
}

function problemOf(found: FoundOnnx): string | null {
	try {
		checkModel(found);
		return null;
	} catch (error) {
		if (isInputError(error)) return error.message;
		throw error;
	}
}
