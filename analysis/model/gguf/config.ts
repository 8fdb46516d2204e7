import { quoted } from '../../edge/quote.ts';
import { InputError } from '../../errors.ts';
import { parseConfig } from '../checkpoint/config.ts';
import type { Architecture, ModelConfig } from '../checkpoint/types.ts';
import type { GgufTensor } from './header.ts';
import type { Metadata } from './metadata.ts';

/** Architectures of GGUF that can be read, as transformers calls them. llama.cpp writes Mistral as llama. */
const ARCHITECTURES: Readonly<Record<string, Architecture>> = {
	llama: 'LlamaForCausalLM',
	qwen2: 'Qwen2ForCausalLM',
	qwen3: 'Qwen3ForCausalLM'
};

/** What llama.cpp takes for the rotary base where a file gives none. */
const ROPE_BASE = 10_000;

/**
 * The model's config, from metadata and the tensors that are there; it goes through the parser of config.json, so that
 * both forms are held to the same rules. Throws InputError for whatever the engine cannot run.
 */
export function ggufConfig(
	metadata: Metadata,
	tensors: ReadonlyMap<string, GgufTensor>,
	where: string
): ModelConfig {
	const name = metadata.text('general.architecture');
	if (name === null || !Object.hasOwn(ARCHITECTURES, name)) {
		throw new InputError(
			`${where}: architecture is ${name === null ? 'not given' : quoted(name)}; supported in GGUF: ${Object.keys(ARCHITECTURES).join(', ')}`
		);
	}
	const at = (key: string) => `${name}.${key}`;
	const embedding = tensors.get('token_embd.weight');
	if (embedding === undefined) throw new InputError(`${where}: has no tensor token_embd.weight`);
	refuseExperts(metadata, at('expert_count'), where);
	const heads = perModel(metadata, at('attention.head_count'), where);
	const hidden = metadata.required(at('embedding_length'));
	const config = parseConfig(
		{
			architectures: [ARCHITECTURES[name]],
			hidden_size: hidden,
			num_hidden_layers: metadata.required(at('block_count')),
			num_attention_heads: heads,
			num_key_value_heads: perModel(metadata, at('attention.head_count_kv'), where) ?? heads,
			head_dim: metadata.number(at('attention.key_length')) ?? hidden / (heads ?? 1),
			intermediate_size: perModel(metadata, at('feed_forward_length'), where),
			vocab_size: embedding.shape[0],
			max_position_embeddings: metadata.required(at('context_length')),
			rms_norm_eps: metadata.required(at('attention.layer_norm_rms_epsilon')),
			rope_theta: metadata.number(at('rope.freq_base')) ?? ROPE_BASE,
			rope_scaling: ropeScaling(metadata, at, where),
			attention_bias: tensors.has('blk.0.attn_q.bias'),
			mlp_bias: tensors.has('blk.0.ffn_down.bias'),
			tie_word_embeddings: !tensors.has('output.weight'),
			sliding_window: metadata.number(at('attention.sliding_window')),
			use_sliding_window: false,
			bos_token_id: metadata.number('tokenizer.ggml.bos_token_id'),
			dtype: embedding.dtype
		},
		where
	);
	const rotated = metadata.number(at('rope.dimension_count')) ?? config.headDim;
	if (rotated !== config.headDim) {
		throw new InputError(
			`${where}: ${at('rope.dimension_count')} is ${rotated}; only ${config.headDim} (the whole head rotates) is supported`
		);
	}
	return config;
}

/** A count that llama.cpp may give for each layer; models whose layers differ are refused. */
function perModel(metadata: Metadata, key: string, where: string): number | null {
	let each: number[] | null;
	try {
		return metadata.number(key);
	} catch {
		each = metadata.numbers(key);
	}
	if (each !== null && new Set(each).size === 1) return each[0];
	throw new InputError(
		`${where}: ${key} differs from layer to layer; expected one number for all layers`
	);
}

function refuseExperts(metadata: Metadata, key: string, where: string): void {
	const experts = metadata.number(key) ?? 0;
	if (experts > 0) {
		throw new InputError(`${where}: ${key} is ${experts}; mixtures of experts are not supported`);
	}
}

/** `rope_scaling` as config.json has it; the frequencies that llama3 divides are a tensor of their own. */
function ropeScaling(metadata: Metadata, at: (key: string) => string, where: string) {
	const type = metadata.text(at('rope.scaling.type')) ?? 'none';
	if (type === 'none') return null;
	if (type === 'linear') {
		return { rope_type: 'linear', factor: metadata.required(at('rope.scaling.factor')) };
	}
	throw new InputError(
		`${where}: ${at('rope.scaling.type')} is ${quoted(type)}; supported: none, linear`
	);
}
