import { InputError } from '../../errors.ts';
import { onlyTorchWords } from './ownEngineRefusal.ts';
import type { Architecture, ModelConfig } from './types.ts';

/** Architectures of which an ONNX decoder can be written, all of them built as Llama. */
const DECODER_ARCHITECTURES = [
	'LlamaForCausalLM',
	'MistralForCausalLM',
	'Qwen2ForCausalLM',
	'Qwen3ForCausalLM'
] as const satisfies readonly Architecture[];

export type DecoderArchitecture = (typeof DECODER_ARCHITECTURES)[number];

/** Throws InputError for a model that only PyTorch runs, of which no more than sizes is known: it is written in no form. */
export function requireOwnEngine(name: string, { onlyTorch }: ModelConfig): void {
	if (onlyTorch === undefined) return;
	throw new InputError(
		`${name}: ${onlyTorchWords(onlyTorch)}; it can be analysed, measured and searched with --engine torch, but not written; an ONNX export of it can be rewritten instead`
	);
}

/** Throws InputError, which names the model and what is in the way, where it cannot be written as an ONNX decoder. */
export function requireDecoder(
	name: string,
	config: ModelConfig
): asserts config is ModelConfig & { architecture: DecoderArchitecture } {
	const { architecture, rotaries } = config;
	if (!DECODER_ARCHITECTURES.some((written) => written === architecture)) {
		throw new InputError(
			`${name}: ${architecture} can be analysed and evaluated, but not written as an ONNX decoder: that takes ` +
				`${DECODER_ARCHITECTURES.join(', ')}; an ONNX export of the model can be rewritten and timed instead`
		);
	}
	// One table of cosines holds for every length.
	if (rotaries.some(({ scaling }) => scaling.type === 'longrope')) {
		throw new InputError(
			`${name}: rope_scaling longrope cannot be written as an ONNX decoder: its frequencies change with the length of the text`
		);
	}
}
