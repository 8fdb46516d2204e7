import * as v from 'valibot';
import { InputError } from '../errors.ts';
import { readJsonFile } from '../edge/json.ts';

const count = v.nullish(v.pipe(v.number(), v.integer(), v.minValue(1)));
const flag = v.nullish(v.boolean());

/** What families call the same facts: Llama and its kin, GPT-NeoX, Gemma; GPT-2; OPT. */
const schema = v.object({
	model_type: v.nullish(v.string()),
	architectures: v.nullish(v.array(v.string())),
	num_hidden_layers: count,
	n_layer: count,
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
	layer_types: v.nullish(v.array(v.string()))
});

type RawConfig = v.InferOutput<typeof schema>;

/** What a config.json says of a decoder; null: it does not say. */
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
	/** Per layer, keys a query sees at most; null: all before it. */
	reach: (number | null)[] | null;
	qkvBias: boolean;
	outputBias: boolean;
	qkNorm: boolean;
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
	const nested = v.safeParse(v.object({ text_config: v.looseObject({}) }), json);
	const whole = v.safeParse(v.looseObject({}), json);
	const parsed = v.safeParse(schema, {
		...(whole.success ? whole.output : {}),
		...(nested.success ? nested.output.text_config : {})
	});
	if (!whole.success || !parsed.success) {
		const where = parsed.success ? 'the file' : v.getDotPath(parsed.issues[0]);
		throw new InputError(`${file}: not the description of a model: ${where ?? 'the file'}`);
	}
	return decoderConfig(parsed.output, file);
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
		headDim: raw.head_dim ?? (hidden !== null && heads !== null ? hidden / heads : null),
		hidden,
		intermediate: raw.intermediate_size ?? raw.ffn_dim ?? raw.n_inner ?? widened,
		vocab: raw.vocab_size ?? null,
		maxPositions: raw.max_position_embeddings ?? raw.n_positions ?? null,
		reach: layers === null ? null : layerReach(raw, layers, file),
		qkvBias: biased || QKV_BIASED.includes(type),
		outputBias: biased,
		qkNorm: QK_NORMED.includes(type)
	};
}

/** Which layers see a window only: `layer_types`; else every layer, or all but each last of a pattern. */
function layerReach(raw: RawConfig, layers: number, file: string): (number | null)[] {
	const window = raw.sliding_window ?? null;
	const types = raw.layer_types;
	if (types != null && types.length !== layers) {
		throw new InputError(`${file}: layer_types names ${types.length} layers; there are ${layers}`);
	}
	const pattern = raw.sliding_window_pattern ?? null;
	return Array.from({ length: layers }, (_, layer) => {
		if (raw.use_sliding_window === false) return null;
		if (types != null) return types[layer] === 'sliding_attention' ? window : null;
		return pattern !== null && (layer + 1) % pattern === 0 ? null : window;
	});
}
