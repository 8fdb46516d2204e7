import { quoted } from '../../edge/quote.ts';
import { InputError } from '../../errors.ts';
import { parseConfig } from '../checkpoint/config.ts';
import type { Architecture, ModelConfig } from '../checkpoint/types.ts';
import { gemmaFacts, GEMMAS, isGemma } from './gemma.ts';
import type { GgufTensor } from './header.ts';
import type { Metadata } from './metadata.ts';
import { TORCH_RUNS } from '../checkpoint/ownEngineRefusal.ts';

/** Ends the message of a refusal: another engine takes the model as a folder. */
const GGUF_BY_TORCH = `transformers may read it: AutoModelForCausalLM.from_pretrained(FOLDER, gguf_file=FILE).save_pretrained(NEW_FOLDER); ${TORCH_RUNS}`;

/** Architectures of GGUF that can be read, as transformers calls them. llama.cpp writes Mistral as llama. */
const ARCHITECTURES: Readonly<Record<string, Architecture>> = {
	llama: 'LlamaForCausalLM',
	deci: 'LlamaForCausalLM',
	qwen2: 'Qwen2ForCausalLM',
	qwen3: 'Qwen3ForCausalLM',
	...GEMMAS
};

/** Rotary base that llama.cpp takes for a file that gives none. */
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
			`${where}: architecture is ${name === null ? 'not given' : quoted(name)}; supported in GGUF: ${Object.keys(ARCHITECTURES).join(', ')}; ${GGUF_BY_TORCH}`
		);
	}
	const at = (key: string) => `${name}.${key}`;
	const embedding = tensors.get('token_embd.weight');
	if (embedding === undefined) throw new InputError(`${where}: has no tensor token_embd.weight`);
	refuseExperts(metadata, at('expert_count'), where);
	const heads = perModel(metadata, at('attention.head_count'), where);
	const dropped = name === 'deci' ? layersWithoutAttention(metadata, where) : [];
	const hidden = metadata.required(at('embedding_length'));
	const layers = metadata.required(at('block_count'));
	const headDim = metadata.number(at('attention.key_length')) ?? hidden / (heads ?? 1);
	const config = parseConfig(
		{
			architectures: [architectureOf(name, tensors)],
			hidden_size: hidden,
			num_hidden_layers: layers,
			num_attention_heads: heads,
			num_key_value_heads: perModel(metadata, at('attention.head_count_kv'), where) ?? heads,
			head_dim: headDim,
			intermediate_size: perModel(metadata, at('feed_forward_length'), where),
			vocab_size: embedding.shape[0],
			max_position_embeddings: metadata.required(at('context_length')),
			rms_norm_eps: metadata.required(at('attention.layer_norm_rms_epsilon')),
			rope_theta: metadata.number(at('rope.freq_base')) ?? ROPE_BASE,
			rope_scaling: ropeScaling(metadata, at, where),
			attention_bias: hasSome(tensors, 'attn_q.bias'),
			mlp_bias: hasSome(tensors, 'ffn_up.bias'),
			tie_word_embeddings: !tensors.has('output.weight'),
			sliding_window: metadata.number(at('attention.sliding_window')),
			use_sliding_window: false,
			bos_token_id: metadata.number('tokenizer.ggml.bos_token_id'),
			dtype: embedding.dtype,
			spanwise: dropped.length === 0 ? null : planWithout(dropped, layers),
			...(isGemma(name) && gemmaFacts(metadata, name, { layers, heads, hidden, headDim }))
		},
		where
	);
	const rotated = metadata.number(at('rope.dimension_count')) ?? config.headDim;
	if (rotated !== config.headDim) {
		throw new InputError(
			`${where}: ${at('rope.dimension_count')} is ${rotated}; only ${config.headDim} (the whole head rotates) is supported; ${GGUF_BY_TORCH}`
		);
	}
	// What transformers adds to a norm's weight is in the file already.
	return { ...config, block: { ...config.block, normOffset: 0 } };
}

/** deci is Llama without attention in some layers, with biases where the model that it was made from had them. */
function architectureOf(name: string, tensors: ReadonlyMap<string, GgufTensor>): Architecture {
	const biased = hasSome(tensors, 'attn_q.bias') && !hasSome(tensors, 'attn_output.bias');
	return name === 'deci' && biased ? 'Qwen2ForCausalLM' : ARCHITECTURES[name];
}

/** Returns true if some layer has a tensor whose name ends in `part`. */
function hasSome(tensors: ReadonlyMap<string, GgufTensor>, part: string): boolean {
	return [...tensors.keys()].some((name) => /^blk\.\d+\./.test(name) && name.endsWith(`.${part}`));
}

/** A count that llama.cpp may give for each layer, 0 for those without; models whose layers differ are refused. */
function perModel(metadata: Metadata, key: string, where: string): number | null {
	const given = metadata.numberOrNumbers(key);
	if (!Array.isArray(given)) return given;
	const counts = new Set(given.filter((count) => count !== 0));
	if (counts.size === 1) return Math.max(...counts);
	throw new InputError(
		`${where}: ${key} differs from layer to layer; expected one number for all layers`
	);
}

/**
 * The layers of a deci file whose count of heads is 0. Throws InputError where a layer has heads and none for keys, which
 * llama.cpp takes for a linear layer in place of attention, and where some have no MLP.
 */
function layersWithoutAttention(metadata: Metadata, where: string): number[] {
	const layers = metadata.required('deci.block_count');
	const each = (key: string): number[] => {
		const given = metadata.numberOrNumbers(key);
		if (!Array.isArray(given)) return Array.from({ length: layers }, () => given ?? 0);
		if (given.length === layers) return given;
		throw new InputError(
			`${where}: ${key} has ${given.length} numbers; deci.block_count is ${layers}`
		);
	};
	const heads = each('deci.attention.head_count');
	const kvHeads = each('deci.attention.head_count_kv');
	const linear = heads.findIndex((count, layer) => count !== 0 && kvHeads[layer] === 0);
	if (linear !== -1) {
		throw new InputError(
			`${where}: layer ${linear} has a linear layer in place of attention (deci.attention.head_count_kv is 0); not supported`
		);
	}
	const without = each('deci.feed_forward_length').findIndex((width) => width === 0);
	if (without !== -1) {
		throw new InputError(
			`${where}: layer ${without} has no MLP (deci.feed_forward_length is 0); not supported`
		);
	}
	return heads.flatMap((count, layer) => (count === 0 ? [layer] : []));
}

/** The plan of a model that has no attention in some layers, as config.json has it. */
function planWithout(dropped: readonly number[], layers: number) {
	const sources = Array.from({ length: layers }, (_, layer) =>
		dropped.includes(layer) ? null : layer
	);
	return { sources, spans: [] };
}

function refuseExperts(metadata: Metadata, key: string, where: string): void {
	const experts = metadata.number(key) ?? 0;
	if (experts > 0) {
		throw new InputError(
			`${where}: ${key} is ${experts}; mixtures of experts are not supported; ${GGUF_BY_TORCH}`
		);
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
		`${where}: ${at('rope.scaling.type')} is ${quoted(type)}; supported: none, linear; ${GGUF_BY_TORCH}`
	);
}
