import { InputError } from '../errors.ts';
import type { ModelFacts } from '../checkpoint/types.ts';
import { findAttention, operatorCounts } from './attention.ts';
import { readDecoderConfig, type DecoderConfig } from './config.ts';
import { onnxFacts } from './facts.ts';
import { GraphView } from './graphView.ts';
import { findBeside, onnxName } from './locate.ts';
import { readOnnx, type OnnxModel, type ReadOptions } from './read.ts';
import type { AttentionLayer } from './types.ts';
import { planWords, writtenPlan, type WrittenPlan } from './writtenPlan.ts';

/** An ONNX model whose attention was found; nothing was run. */
export interface FoundOnnx {
	/** Short name for people. */
	name: string;
	onnx: OnnxModel;
	view: GraphView;
	/** In the order of the graph, at least one. */
	layers: AttentionLayer[];
	/** What config.json says; null: there is none. */
	config: DecoderConfig | null;
	/** Name of the output that holds logits; null: there is none. */
	logits: string | null;
	/** The plan that Spanwise wrote it with; null: none that is known. */
	plan: WrittenPlan | null;
}

/** An ONNX model that can be analysed. */
export interface OpenedOnnx extends FoundOnnx {
	facts: ModelFacts;
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
		const why = plan === null ? noAttention(onnx, view) : planWords(plan);
		throw new InputError(`${onnx.file}: ${why}`);
	}
	const configFile = await findBeside(onnx.file, 'config.json');
	const config = configFile === null ? null : await readDecoderConfig(configFile);
	return {
		name: onnxName(onnx.file),
		onnx,
		view,
		layers,
		config,
		logits: logitsOutput(view, config),
		plan
	};
}

/** Opens an ONNX model for analysis; throws InputError that says why it cannot be analysed. */
export async function openOnnx(file: string, options: ReadOptions = {}): Promise<OpenedOnnx> {
	const found = checkAnalysable(await findOnnx(file, options));
	const { onnx, view, layers, config, logits } = found;
	return { ...found, facts: onnxFacts(onnx, view, layers, config, logits) };
}

/**
 * Throws InputError where layers share attention by a plan, a layer's probabilities cannot be had, a layer was not
 * found, or logits are missing.
 */
export function checkAnalysable(found: FoundOnnx): FoundOnnx & { logits: string } {
	const { onnx, layers, config, logits, plan } = found;
	if (plan !== null) throw new InputError(`${onnx.file}: ${planWords(plan)}`);
	for (const { layer, operator, name, probabilities } of layers) {
		if (probabilities.how !== 'none') continue;
		throw new InputError(
			`${onnx.file}: layer ${layer}: ${operator} ${name}: its probabilities cannot be had: ${probabilities.reason}`
		);
	}
	const expected = config?.layers ?? layers.length;
	if (expected !== layers.length) {
		throw new InputError(
			`${onnx.file}: attention was found in ${layers.length} layers; config.json says ${expected}`
		);
	}
	if (logits === null) {
		const names = onnx.graph.output.map(({ name }) => name).join(', ');
		throw new InputError(`${onnx.file}: outputs ${names}; expected logits among them`);
	}
	return { ...found, logits };
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
