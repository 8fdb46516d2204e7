import { InputError, isInputError } from '../../errors.ts';
import { findAttention, operatorCounts } from './attention.ts';
import { checkModel, type CheckedOnnx } from './check.ts';
import { cacheSizes, type CacheSizes } from './cacheSizes.ts';
import { readDecoderConfig, type DecoderConfig } from './config.ts';
import { readGenaiConfig, together } from './genai.ts';
import { GraphView } from './graphView.ts';
import { graphInputs, type GraphInput } from './inputs.ts';
import { findBeside, onnxName } from './locate.ts';
import { readOnnx, type OnnxModel, type ReadOptions } from './read.ts';
import type { AttentionLayer } from './types.ts';
import { findWindows, type Windows } from './windows.ts';
import { writtenPlanWords, writtenPlan, type WrittenPlan } from './writtenPlan.ts';

/** An ONNX model whose attention was found; nothing was run. */
export interface FoundOnnx {
	/** Short name for people. */
	name: string;
	onnx: OnnxModel;
	view: GraphView;
	/** In the order of the graph, at least one. */
	layers: AttentionLayer[];
	/** Facts from config.json and genai_config.json; null: there is neither. */
	config: DecoderConfig | null;
	/** Sizes of the layers' caches, used where the graph leaves them open. */
	caches: CacheSizes;
	/** The sliding windows of its layers. */
	windows: Windows;
	/** Name of the output that holds logits; null: there is none. */
	logits: string | null;
	/** The plan that Spanwise wrote it with; null: none that is known. */
	plan: WrittenPlan | null;
}

/** An ONNX model that can be analysed. */
export interface OpenedOnnx extends FoundOnnx, CheckedOnnx {
	logits: string;
}

/** Operators that a refusal names. */
const NAMED_OPERATORS = 12;

/**
 * Reads an ONNX model and finds the attention of its layers. Throws InputError for what cannot be read, and for
 * a graph without attention that is known, with the operators it has.
 */
export async function findOnnx(file: string, options: ReadOptions = {}): Promise<FoundOnnx> {
	return findIn(await readOnnx(file, options));
}

/** The same of a model that was read. */
export async function findIn(onnx: OnnxModel): Promise<FoundOnnx> {
	const view = new GraphView(onnx.graph);
	const layers = findAttention(view);
	const plan = await writtenPlan(onnx.file);
	if (layers.length === 0) {
		const why = plan === null ? noAttention(onnx, view) : writtenPlanWords(plan);
		throw new InputError(`${onnx.file}: ${why}`);
	}
	const config = together(
		await readBeside(onnx.file, 'config.json', readDecoderConfig),
		await readBeside(onnx.file, 'genai_config.json', readGenaiConfig)
	);
	const caches = cacheSizes(view, layers, config);
	return {
		name: onnxName(onnx.file),
		onnx,
		view,
		layers,
		config,
		caches,
		windows: findWindows(view, layers, fedInputs(view, onnx.file, caches), config),
		logits: logitsOutput(view, config),
		plan
	};
}

async function readBeside(
	file: string,
	name: string,
	read: (file: string) => Promise<DecoderConfig>
): Promise<DecoderConfig | null> {
	const found = await findBeside(file, name);
	return found === null ? null : read(found);
}

/** The inputs; null where some cannot be fed. */
function fedInputs(view: GraphView, file: string, caches: CacheSizes): GraphInput[] | null {
	try {
		return graphInputs(view, file, caches);
	} catch (error) {
		if (isInputError(error)) return null;
		throw error;
	}
}

/** Opens an ONNX model for analysis; throws InputError that says why it cannot be analysed. */
export async function openOnnx(file: string, options: ReadOptions = {}): Promise<OpenedOnnx> {
	const found = await findOnnx(file, options);
	return { ...found, ...checkModel(found) };
}

function noAttention({ proto }: OnnxModel, view: GraphView): string {
	const seen = operatorCounts(view);
	const listed = seen
		.slice(0, NAMED_OPERATORS)
		.map(({ operator, count }) => `${operator} ${count}`);
	const more = seen.length > listed.length ? `, ${seen.length - listed.length} more` : '';
	const hidden =
		proto.functions.length > 0
			? '; functions of its own that are of another opset are not looked into'
			: seen.some(({ operator }) => operator === 'If')
				? '; branches are not looked into, but for those of a merged decoder by use_cache_branch'
				: '';
	return `no attention that is known; operators: ${listed.join(', ')}${more}${hidden}`;
}

/** The output called logits, or the only one as wide as the vocabulary. */
function logitsOutput(view: GraphView, config: DecoderConfig | null): string | null {
	const names = view.graph.output.map(({ name }) => name);
	if (names.includes('logits')) return 'logits';
	const wide = names.filter((name) => {
		const shape = view.shape(name);
		return shape?.length === 3 && config?.vocab != null && shape[2] === config.vocab;
	});
	return wide.length === 1 ? wide[0] : null;
}
