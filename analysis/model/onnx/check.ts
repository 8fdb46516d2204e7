import type { ModelFacts } from '../checkpoint/types.ts';
import { InputError } from '../../errors.ts';
import { onnxFacts } from './facts.ts';
import { integerOf } from './graphView.ts';
import { graphInputs, type GraphInput } from './inputs.ts';
import type { FoundOnnx } from './open.ts';
import { writtenPlanWords } from './writtenPlan.ts';

/** Facts, inputs and logits output of a model that can be analysed. */
export interface CheckedOnnx {
	facts: ModelFacts;
	logits: string;
	inputs: GraphInput[];
}

/**
 * Says what every command needs of a model that it captures attention of. Throws InputError where layers share
 * attention by a plan, a layer's probabilities are not available, a layer was not found, logits of every token are
 * missing, inputs are not known how to feed, or a fact is missing.
 */
export function checkModel(found: FoundOnnx): CheckedOnnx {
	const { onnx, view, layers, config, plan } = found;
	if (plan !== null) throw new InputError(`${onnx.file}: ${writtenPlanWords(plan)}`);
	for (const { layer, operator, name, probabilities } of layers) {
		if (probabilities.how !== 'none') continue;
		throw new InputError(
			`${onnx.file}: layer ${layer}: ${operator} ${name}: attention probabilities are not available: ${probabilities.reason}`
		);
	}
	const expected = config?.layers ?? layers.length;
	if (expected !== layers.length) {
		throw new InputError(
			`${onnx.file}: attention was found in ${layers.length} layers; config.json or genai_config.json says ${expected}`
		);
	}
	const logits = logitsOf(found);
	if (view.shape(logits)?.[1] === 1) {
		throw new InputError(
			`${onnx.file}: ${logits} holds the last token only; expected logits of every token`
		);
	}
	return { inputs: checkRunnable(found), facts: onnxFacts(found), logits };
}

/** Inputs of a model that can be run with a cache of any length. Throws InputError where it cannot. */
export function checkRunnable(found: FoundOnnx): GraphInput[] {
	checkWholeCache(found);
	return graphInputs(found.view, found.onnx.file, found.caches);
}

/** Throws InputError where a layer's cache does not hold every token. */
export function checkWholeCache({ onnx, view, layers }: FoundOnnx): void {
	const windowed = layers.find(
		({ node }) => integerOf(view.node(node), 'sliding_window_cache') === 1
	);
	if (windowed === undefined) return;
	const { layer, operator, name } = windowed;
	throw new InputError(
		`${onnx.file}: layer ${layer}: ${operator} ${name} keeps only its sliding window in the KV cache (sliding_window_cache=1); expected a cache of every token: export the model again, with onnxruntime-genai's builder by --extra_options windowed_kv_cache=false`
	);
}

/** Finds inputs, logits and vocabulary to compare a written model by. Throws InputError if it cannot be run so. */
export function checkComparable(found: FoundOnnx): {
	inputs: GraphInput[];
	logits: string;
	vocab: number;
} {
	const { onnx, view, config, logits } = found;
	if (logits === null) {
		throw new InputError(`${onnx.file}: no logits to compare by; write it with --no-verify`);
	}
	const last = view.shape(logits)?.at(-1);
	const vocab = typeof last === 'number' ? last : config?.vocab;
	if (vocab == null) {
		throw new InputError(
			`${onnx.file}: the size of the vocabulary cannot be told; expected config.json beside it, or --no-verify`
		);
	}
	return { inputs: checkRunnable(found), logits, vocab };
}

/** Name of the output that holds logits. Throws InputError where there is none. */
export function logitsOf({ onnx, logits }: FoundOnnx): string {
	if (logits !== null) return logits;
	const names = onnx.graph.output.map(({ name }) => name).join(', ');
	throw new InputError(`${onnx.file}: outputs ${names}; expected logits among them`);
}
