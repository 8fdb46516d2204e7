import * as v from 'valibot';
import { InputError } from '../../errors.ts';
import { readJsonFile } from '../../edge/json.ts';
import { boundedArray, parseOrNull, parseUntrusted } from '../../edge/parse.ts';

/** Entries of lists in a config.json; the deepest models in use have about 130 layers. */
const MOST_LAYERS = 10_000;

export const count = v.nullish(v.pipe(v.number(), v.integer(), v.minValue(1)));
export const layerCount = v.nullish(
	v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(MOST_LAYERS))
);
const flag = v.nullish(v.boolean());

/** Fields of config.json by each family's names for the same facts: Llama and its kin, GPT-NeoX, Gemma; GPT-2; OPT. */
const schema = v.object({
	model_type: v.nullish(v.string()),
	architectures: v.nullish(boundedArray(v.string(), MOST_LAYERS)),
	num_hidden_layers: layerCount,
	n_layer: layerCount,
	num_attention_heads: count,
	n_head: count,
	num_key_value_heads: count,
	head_dim: count,
	hidden_size: count,
	n_embd: count,
	intermediate_size: count,
	n_inner: count,
	ffn_dim: count,
	vocab_size: count,
	max_position_embeddings: count,
	n_positions: count,
	attention_bias: flag,
	enable_bias: flag,
	sliding_window: count,
	sliding_window_pattern: count,
	use_sliding_window: flag,
	max_window_layers: v.nullish(v.pipe(v.number(), v.integer(), v.minValue(0))),
	layer_types: v.nullish(boundedArray(v.string(), MOST_LAYERS))
});

type RawConfig = v.InferOutput<typeof schema>;

/** Facts of a decoder from the files beside its graph; null: they do not say. */
export interface DecoderConfig {
	architecture: string | null;
	layers: number | null;
	heads: number | null;
	kvHeads: number | null;
	headDim: number | null;
	hidden: number | null;
	intermediate: number | null;
	vocab: number | null;
	maxPositions: number | null;
	/** Per layer, keys a query sees at most, as it is said here: the graph need not follow; null: all before it. */
	windows: (number | null)[] | null;
	qkvBias: boolean | null;
	outputBias: boolean | null;
	qkNorm: boolean | null;
}

/** Families whose projections have biases though config.json does not say so (transformers 5). */
const BIASED = ['gpt2', 'gpt_neox', 'opt', 'gpt_bigcode'];
/** The same for q, k and v only. */
const QKV_BIASED = ['qwen2', 'qwen2_moe'];
/** Families with a norm on q and on k. */
const QK_NORMED = ['qwen3', 'qwen3_moe', 'gemma3', 'gemma3_text', 'olmo2'];
/** GPT-2's MLP where config.json leaves its width out. */
const GPT2_WIDENING = 4;

/** Reads a config.json as far as it is understood; models of several parts have a decoder's in `text_config`. */
export async function readDecoderConfig(file: string): Promise<DecoderConfig> {
	const json = await readJsonFile(file);
	const whole = parseUntrusted(v.looseObject({}), json, file);
	const nested = parseOrNull(v.object({ text_config: v.looseObject({}) }), json);
	const parsed = parseUntrusted(schema, { ...whole, ...nested?.text_config }, file);
	return decoderConfig(parsed, file);
}

function decoderConfig(raw: RawConfig, file: string): DecoderConfig {
	const type = raw.model_type ?? '';
	const heads = raw.num_attention_heads ?? raw.n_head ?? null;
	const hidden = raw.hidden_size ?? raw.n_embd ?? null;
	const biased = raw.attention_bias ?? raw.enable_bias ?? BIASED.includes(type);
	const layers = raw.num_hidden_layers ?? raw.n_layer ?? null;
	const widened = type === 'gpt2' && hidden !== null ? GPT2_WIDENING * hidden : null;
	return {
		architecture: raw.architectures?.[0] ?? raw.model_type ?? null,
		layers,
		heads,
		kvHeads: raw.num_key_value_heads ?? heads,
		headDim: raw.head_dim ?? wholeQuotient(hidden, heads),
		hidden,
		intermediate: raw.intermediate_size ?? raw.ffn_dim ?? raw.n_inner ?? widened,
		vocab: raw.vocab_size ?? null,
		maxPositions: raw.max_position_embeddings ?? raw.n_positions ?? null,
		windows: layers === null ? null : layerWindows(raw, layers, file),
		qkvBias: biased || QKV_BIASED.includes(type),
		outputBias: biased,
		qkNorm: QK_NORMED.includes(type)
	};
}

function wholeQuotient(hidden: number | null, heads: number | null): number | null {
	return hidden !== null && heads !== null && hidden % heads === 0 ? hidden / heads : null;
}

/** Every second layer of Gemma 2 has the window, from the first on, though its config.json may not say so. */
const ALTERNATING = ['gemma2', 'gemma2_text'];
/** Families that use their window only where use_sliding_window says so. */
const ON_REQUEST = ['qwen2', 'qwen2_moe', 'qwen3', 'qwen3_moe'];

/** Reads each layer's sliding window (null: none): from `layer_types`, else as transformers does for that family. */
function layerWindows(raw: RawConfig, layers: number, file: string): (number | null)[] {
	const window = raw.sliding_window ?? null;
	const types = raw.layer_types;
	if (types != null && types.length !== layers) {
		throw new InputError(`${file}: layer_types names ${types.length} layers; there are ${layers}`);
	}
	const family = raw.model_type ?? '';
	const used = raw.use_sliding_window ?? !ON_REQUEST.includes(family);
	const pattern = raw.sliding_window_pattern ?? (ALTERNATING.includes(family) ? 2 : null);
	const first = raw.use_sliding_window === true ? (raw.max_window_layers ?? 0) : 0;
	return Array.from({ length: layers }, (_, layer) => {
		if (!used) return null;
		if (types != null) return types[layer] === 'sliding_attention' ? window : null;
		if (pattern !== null) return (layer + 1) % pattern === 0 ? null : window;
		return layer >= first ? window : null;
	});
}
