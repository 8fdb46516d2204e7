import { InputError } from '../../errors.ts';
import { familyOf } from './families.ts';
import { onlyTorchWords } from './ownEngineRefusal.ts';
import type { Architecture, ModelConfig } from './types.ts';

/** Architectures of which an ONNX decoder can be written, all of them built as Llama. */
export const DECODER_ARCHITECTURES = [
	'LlamaForCausalLM',
	'MistralForCausalLM',
	'Qwen2ForCausalLM',
	'Qwen3ForCausalLM'
] as const satisfies readonly Architecture[];

export type DecoderArchitecture = (typeof DECODER_ARCHITECTURES)[number];

/** Throws InputError, which names the model and what is in the way, where it cannot be written as `target` with a plan. */
export function requireWritable(
	name: string,
	config: ModelConfig,
	target: 'onnx' | 'transformers'
): void {
	if (target === 'onnx') requireDecoder(name, config);
	else requirePlainExperts(name, config);
}

/** The same for any form: of a model that only PyTorch runs, no more than sizes is known. */
export function requireOwnEngine(name: string, { onlyTorch }: ModelConfig): void {
	if (onlyTorch === undefined) return;
	throw new InputError(
		`${name}: ${onlyTorchWords(onlyTorch)}; it can be analysed, measured and searched with --engine torch, but not written; an ONNX export of it can be rewritten instead`
	);
}

/** The same for an ONNX decoder, which bench writes too. */
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

/** Experts that share a tensor are written as the file has them, which quantised ones are not. */
function requirePlainExperts(name: string, config: ModelConfig): void {
	const { architecture, quantisation } = config;
	if (familyOf(config).tensors.experts?.kind !== 'together' || quantisation === null) return;
	throw new InputError(
		`${name}: ${architecture} keeps its quantised experts in one tensor a layer: it can be analysed and evaluated, but not written; write a copy with plain weights`
	);
}
