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

/** What a model's layers are to do: the source of each, and its head map. */
interface PlannedSources {
	sources: readonly (number | null)[];
	headMaps: readonly (readonly number[] | null)[];
}

/** Throws InputError, which names the model and what is in the way, where it cannot be written as `target` with a plan. */
export function requireWritable(
	name: string,
	config: ModelConfig,
	target: 'onnx' | 'transformers',
	planned: PlannedSources
): void {
	if (target === 'onnx') requireDecoder(name, config);
	else {
		requirePlainExperts(name, config);
		requireSeparateProjections(name, config);
		requireHandedOn(name, config, planned);
	}
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

/** Experts are written as the file has them, which quantised ones are not. */
function requirePlainExperts(name: string, config: ModelConfig): void {
	const { architecture, experts, quantisation } = config;
	if (experts === null || quantisation === null) return;
	throw new InputError(
		`${name}: ${architecture} is a mixture of quantised experts: it can be analysed and evaluated, but not written; write a copy with plain weights`
	);
}

/** The modeling file for transformers takes q and k away as modules of their own. */
function requireSeparateProjections(name: string, config: ModelConfig): void {
	const fused = familyOf(config).tensors.fused.find(({ parts }) => parts.includes('q'));
	if (fused === undefined) return;
	throw new InputError(
		`${name}: ${config.architecture} keeps q, k and v in one tensor, ${fused.stored}: followers cannot be written without their q and k`
	);
}

/** Followers are handed their source's queries and keys through the layers, and sinks are not mapped head by head. */
function requireHandedOn(name: string, config: ModelConfig, planned: PlannedSources): void {
	const { architecture, sinks } = config;
	const { sources, headMaps } = planned;
	const follower = sources.findIndex((source, layer) => source !== null && source !== layer);
	if (follower !== -1 && !familyOf(config).handsOn) {
		throw new InputError(
			`${name}: layer ${follower} follows layer ${sources[follower]}, and the layers of ${architecture} in transformers hand nothing on to their attention: only dropped layers can be written`
		);
	}
	const mapped = headMaps.findIndex((map) => map !== null);
	if (sinks && mapped !== -1) {
		throw new InputError(
			`${name}: layer ${mapped} has a head map, and attention sinks belong to heads: plans without head maps can be written`
		);
	}
}
