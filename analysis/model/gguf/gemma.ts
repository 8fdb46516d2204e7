import type { Architecture } from '../checkpoint/types.ts';
import type { Metadata } from './metadata.ts';

/** Gemma's architectures of GGUF, as transformers calls them. */
export const GEMMAS = {
	gemma: 'GemmaForCausalLM',
	gemma2: 'Gemma2ForCausalLM',
	gemma3: 'Gemma3ForCausalLM'
} satisfies Readonly<Record<string, Architecture>>;

type Gemma = keyof typeof GEMMAS;

/** Layers of the one size (27B) whose queries are divided by √(hidden / heads); those of the others by √headDim. */
const LAYERS_OF_27B: Readonly<Record<Gemma, number | null>> = {
	gemma: null,
	gemma2: 46,
	gemma3: 62
};
/** A pattern without layers that see everything: each is its own last. */
const NO_WINDOWS = 1;

/** Returns true if a file's architecture is one of Gemma's. */
export function isGemma(name: string): name is Gemma {
	return Object.hasOwn(GEMMAS, name);
}

/**
 * Builds the fields of config.json that Gemma has beside those of all architectures. The file does not hold the divisor
 * of the queries; it follows from the size, as in llama.cpp (src/llama-model.cpp, `f_attention_scale`).
 */
export function gemmaFacts(
	metadata: Metadata,
	name: Gemma,
	{
		layers,
		heads,
		hidden,
		headDim
	}: { layers: number; heads: number | null; hidden: number; headDim: number }
): Record<string, unknown> {
	if (name === 'gemma') return {};
	const at = (key: string) => metadata.number(`${name}.${key}`);
	const window = at('attention.sliding_window');
	const caps = Object.entries({
		attn_logit_softcapping: at('attn_logit_softcapping'),
		final_logit_softcapping: at('final_logit_softcapping'),
		rope_local_base_freq: at('rope.freq_base_swa')
	}).filter(([, value]) => value !== null);
	return {
		query_pre_attn_scalar: layers === LAYERS_OF_27B[name] ? hidden / (heads ?? 1) : headDim,
		...Object.fromEntries(caps),
		// Without a window in the file llama.cpp takes Gemma 2's own, and none for Gemma 3.
		sliding_window: window ?? undefined,
		...(name === 'gemma3' && window === null && { sliding_window_pattern: NO_WINDOWS })
	};
}
