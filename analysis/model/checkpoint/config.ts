import * as v from 'valibot';
import { boundedArray, parseUntrusted } from '../../edge/parse.ts';
import { quoted } from '../../edge/quote.ts';
import { InputError } from '../../errors.ts';
import { architectureOf } from './architecture.ts';
import { FAMILIES, type Family } from './families.ts';
import { parseRope, ropeFields } from './rope.ts';
import { parseShared } from './shared.ts';
import type { ModelConfig } from './types.ts';
import { refuseUnfollowed } from './unfollowed.ts';

/** Largest models in use have 126 layers; far more is a broken file that would fill memory. */
const MAX_LAYERS = 4096;

const count = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(2 ** 31 - 1));

const schema = v.object({
	hidden_size: count,
	num_hidden_layers: v.pipe(count, v.maxValue(MAX_LAYERS)),
	num_attention_heads: count,
	num_key_value_heads: v.optional(v.nullable(count)),
	head_dim: v.nullish(count),
	intermediate_size: count,
	vocab_size: count,
	max_position_embeddings: v.nullish(count),
	rms_norm_eps: v.nullish(v.pipe(v.number(), v.finite(), v.gtValue(0))),
	/** Left out, it is silu; null is refused as transformers does. */
	hidden_act: v.optional(v.string()),
	attention_bias: v.nullish(v.boolean()),
	mlp_bias: v.nullish(v.boolean()),
	tie_word_embeddings: v.nullish(v.boolean()),
	bos_token_id: v.optional(v.nullable(v.pipe(v.number(), v.integer(), v.minValue(0)))),
	dtype: v.nullish(v.string()),
	torch_dtype: v.nullish(v.string()),
	sliding_window: v.optional(v.nullable(count)),
	use_sliding_window: v.nullish(v.boolean()),
	max_window_layers: v.nullish(v.pipe(v.number(), v.integer(), v.minValue(0))),
	layer_types: v.optional(v.nullable(boundedArray(v.string(), MAX_LAYERS))),
	spanwise: v.optional(v.unknown()),
	...ropeFields
});

type RawConfig = v.InferOutput<typeof schema>;

/** Defaults shared by the configuration classes of all supported architectures (transformers 5). */
const DEFAULT_NORM_EPS = 1e-6;
const DEFAULT_SLIDING_WINDOW = 4096;
const DEFAULT_MAX_WINDOW_LAYERS = 28;

/** Two names of one function, in transformers as here. */
const ACTIVATIONS = ['silu', 'swish'];

const FULL = 'full_attention';
const SLIDING = 'sliding_attention';

/**
 * Reads a config.json (already parsed JSON) as Hugging Face transformers 5 would, its defaults included.
 * `where` names the file in messages. Throws InputError for whatever the engine cannot run.
 */
export function parseConfig(json: unknown, where: string): ModelConfig {
	if (typeof json !== 'object' || json === null || Array.isArray(json)) {
		throw new InputError(`${where}: not the description of a model`);
	}
	const architecture = architectureOf(json, where);
	refuseUnfollowed(json, where);
	const family = FAMILIES[architecture];
	const raw = parseUntrusted(schema, json, where);
	if (!ACTIVATIONS.includes(raw.hidden_act ?? 'silu')) {
		throw new InputError(
			`${where}: hidden_act is ${quoted(JSON.stringify(raw.hidden_act))}; supported: ${ACTIVATIONS.join(', ')}`
		);
	}
	const maxPositions = raw.max_position_embeddings ?? family.maxPositions;
	const rope = parseRope(raw, maxPositions, where);
	const said = { attention_bias: raw.attention_bias ?? false, mlp_bias: raw.mlp_bias ?? false };
	const bias = (fact: 'attention_bias' | 'mlp_bias' | boolean): boolean =>
		typeof fact === 'boolean' ? fact : said[fact];
	const layers = raw.num_hidden_layers;
	const counts = headCounts(raw, family, where);
	return {
		architecture,
		layers,
		hidden: raw.hidden_size,
		...counts,
		intermediate: raw.intermediate_size,
		vocab: raw.vocab_size,
		maxPositions,
		normEps: raw.rms_norm_eps ?? DEFAULT_NORM_EPS,
		ropeTheta: rope.theta,
		ropeScaling: rope.scaling,
		reach: layerReach(raw, family, where),
		qkvBias: bias(family.qkvBias),
		outputBias: bias(family.outputBias),
		mlpBias: bias(family.mlpBias),
		qkNorm: family.qkNorm,
		tied: raw.tie_word_embeddings ?? false,
		bosId: raw.bos_token_id === undefined ? family.bosId : raw.bos_token_id,
		shared: parseShared(raw.spanwise, { layers, heads: counts.heads }, where),
		dtype: raw.dtype ?? raw.torch_dtype ?? 'float32'
	};
}

function headCounts(
	raw: RawConfig,
	family: Family,
	where: string
): { heads: number; kvHeads: number; headDim: number } {
	const heads = raw.num_attention_heads;
	// Absent and null differ: the class's default is used for the former, heads for the latter.
	const named = raw.num_key_value_heads === undefined ? family.kvHeads : raw.num_key_value_heads;
	const kvHeads = named ?? heads;
	if (heads % kvHeads !== 0) {
		throw new InputError(
			`${where}: num_attention_heads is ${heads} and num_key_value_heads ${kvHeads}; ` +
				'expected the first to be a multiple of the second'
		);
	}
	const headDim = raw.head_dim ?? family.headDim ?? raw.hidden_size / heads;
	if (!Number.isInteger(headDim)) {
		throw new InputError(
			`${where}: hidden_size is ${raw.hidden_size} and num_attention_heads ${heads}; ` +
				'expected a multiple, or head_dim'
		);
	}
	if (headDim % 2 !== 0) {
		throw new InputError(
			`${where}: head_dim is ${headDim}; expected an even number, for the rotary embedding`
		);
	}
	return { heads, kvHeads, headDim };
}

/** Per layer, how many keys a query sees at most, its own included; null: all before it. */
function layerReach(raw: RawConfig, family: Family, where: string): (number | null)[] {
	const layers = Array.from({ length: raw.num_hidden_layers }, (_, layer) => layer);
	const window = raw.sliding_window === undefined ? DEFAULT_SLIDING_WINDOW : raw.sliding_window;
	if (family.window === 'none') return layers.map(() => null);
	if (family.window === 'all layers') return layers.map(() => window);

	const types = raw.layer_types?.map((type) => (type === 'attention' ? FULL : type));
	if (types !== undefined && types.length !== layers.length) {
		throw new InputError(
			`${where}: layer_types names ${types.length} layers; num_hidden_layers is ${layers.length}`
		);
	}
	const unknown = types?.find((type) => ![FULL, SLIDING].includes(type));
	if (unknown !== undefined) {
		throw new InputError(
			`${where}: layer_types has ${quoted(JSON.stringify(unknown))}; supported: ${FULL}, ${SLIDING}`
		);
	}
	const slides = raw.use_sliding_window === true && window !== null;
	if (types?.includes(SLIDING) === true && !slides) {
		throw new InputError(
			`${where}: layer_types has ${SLIDING}, but no window is set; expected use_sliding_window: true and sliding_window`
		);
	}
	if (!slides) return layers.map(() => null);
	const first = raw.max_window_layers ?? DEFAULT_MAX_WINDOW_LAYERS;
	return layers.map((layer) => {
		const windowed = types === undefined ? layer >= first : types[layer] === SLIDING;
		return windowed ? window : null;
	});
}
