import { InputError } from '../../errors.ts';
import type { Architecture, ModelConfig } from './types.ts';

/** Architectures whose decoders can be written, all of them built as Llama. */
export const WRITTEN_ARCHITECTURES = [
	'LlamaForCausalLM',
	'MistralForCausalLM',
	'Qwen2ForCausalLM',
	'Qwen3ForCausalLM'
] as const satisfies readonly Architecture[];

export type WrittenArchitecture = (typeof WRITTEN_ARCHITECTURES)[number];

/** Throws InputError, which names the model and what is in the way, where its decoder cannot be written. */
export function requireWritable(
	name: string,
	config: ModelConfig
): asserts config is ModelConfig & { architecture: WrittenArchitecture } {
	const { architecture, rotaries } = config;
	if (!WRITTEN_ARCHITECTURES.some((written) => written === architecture)) {
		throw new InputError(
			`${name}: ${architecture} can be analysed and evaluated, but not written: apply and bench take ` +
				`${WRITTEN_ARCHITECTURES.join(', ')}, or any model as an ONNX export`
		);
	}
	// One table of cosines holds for every length.
	if (rotaries.some(({ scaling }) => scaling.type === 'longrope')) {
		throw new InputError(
			`${name}: rope_scaling longrope can be analysed and evaluated, but not written: its frequencies change with the length of the text`
		);
	}
}
