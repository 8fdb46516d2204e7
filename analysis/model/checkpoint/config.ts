import * as v from 'valibot';
import { parseUntrusted } from '../../edge/parse.ts';
import { quoted } from '../../edge/quote.ts';
import { InputError } from '../../errors.ts';
import { OwnEngineRefusal } from './ownEngineRefusal.ts';
import { parseQuantisation } from '../quantised/parse.ts';
import { architectureOf } from './architecture.ts';
import { expertFields, parseExperts } from './expertFields.ts';
import { FAMILIES } from './families.ts';
import type { BiasKey, Family } from './families/family.ts';
import { MAX_LAYERS, slidingWindowsOf, windowFields } from './slidingWindow.ts';
import { parseRope, ropeFields } from './rope.ts';
import { parseScales, scaleFields } from './scales.ts';
import { parseShared } from './shared.ts';
import type { Activation, ModelConfig } from './types.ts';
import { refuseUnfollowed } from './unfollowed.ts';

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
	attention_out_bias: v.nullish(v.boolean()),
	mlp_bias: v.nullish(v.boolean()),
	use_bias: v.nullish(v.boolean()),
	use_qkv_bias: v.nullish(v.boolean()),
	use_parallel_residual: v.nullish(v.boolean()),
	tie_word_embeddings: v.nullish(v.boolean()),
	bos_token_id: v.optional(v.nullable(v.pipe(v.number(), v.integer(), v.minValue(0)))),
	dtype: v.nullish(v.string()),
	torch_dtype: v.nullish(v.string()),
	spanwise: v.optional(v.unknown()),
	...windowFields,
	...scaleFields,
	...expertFields,
	...ropeFields
});

type RawConfig = v.InferOutput<typeof schema>;

/** Defaults shared by the configuration classes of all supported architectures (transformers 5). */
const DEFAULT_NORM_EPS = 1e-6;
const WIDENING = 4;

/** Keys that a family with a name of its own for them does not look at. */
const NO_SYNONYMS = ['hidden_act', 'intermediate_size', 'rms_norm_eps'];

/** Names of functions in transformers; some are names of one. */
const ACTIVATIONS: Readonly<Record<string, Activation>> = {
	silu: 'silu',
	swish: 'silu',
	gelu: 'gelu',
	gelu_new: 'gelu tanh',
	gelu_fast: 'gelu tanh',
	gelu_pytorch_tanh: 'gelu tanh',
	relu: 'relu'
};

/**
 * Reads a config.json (already parsed JSON) as Hugging Face transformers 5 would, its defaults included.
 * `where` names the file in messages. Throws InputError for whatever the engine cannot run.
 */
export function parseConfig(json: unknown, where: string): ModelConfig {
	if (typeof json !== 'object' || json === null || Array.isArray(json)) {
		throw new InputError(`${where}: not the description of a model`);
	}
	const architecture = architectureOf(json, where);
	const family = FAMILIES[architecture];
	refuseUnfollowed(json, family.follows, where);
	const raw = parseUntrusted(schema, inLlamasWords(json, family), where);
	const maxPositions = raw.max_position_embeddings ?? family.maxPositions;
	const counts = headCounts(raw, family, where);
	const layers = raw.num_hidden_layers;
	const slidingWindows = slidingWindowsOf(raw, family, where);
	const rope = parseRope(
		raw,
		{ family, slidingWindows, maxPositions, headDim: counts.headDim },
		where
	);
	const experts = parseExperts(raw, family, where);
	const bias = (fact: BiasKey | boolean): boolean =>
		typeof fact === 'boolean' ? fact : (raw[fact] ?? false);
	return {
		architecture,
		layers,
		hidden: raw.hidden_size,
		...counts,
		intermediate: raw.intermediate_size * (experts?.count ?? 1),
		experts,
		sinks: family.sinks,
		vocab: raw.vocab_size,
		maxPositions: rope.maxPositions,
		normEps: raw.rms_norm_eps ?? DEFAULT_NORM_EPS,
		block: {
			...family.block,
			activation: activationOf(raw, family, where),
			parallel: family.parallelByConfig ? raw.use_parallel_residual === true : family.block.parallel
		},
		scales: parseScales(raw, family, counts.headDim),
		rotaries: rope.rotaries,
		rotaryOf: rope.rotaryOf,
		rotaryDims: rope.rotaryDims,
		learnedPositions: family.tensors.positions !== null,
		slidingWindows,
		qkvBias: bias(family.qkvBias),
		outputBias: bias(family.outputBias),
		mlpBias: bias(family.mlpBias),
		qkNorm: family.qkNorm,
		tied: raw.tie_word_embeddings ?? false,
		bosId: raw.bos_token_id === undefined ? family.bosId : raw.bos_token_id,
		shared: parseShared(raw.spanwise, { layers, heads: counts.heads }, where),
		dtype: raw.dtype ?? raw.torch_dtype ?? 'float32',
		quantisation: parseQuantisation(json, where)
	};
}

/** config.json with keys under Llama's names, and with the values that transformers takes for keys that are absent. */
function inLlamasWords(json: object, { keys, defaults }: Family): Record<string, unknown> {
	const ignored = NO_SYNONYMS.filter((ours) => ours in keys && !(keys[ours] in json));
	const entries = Object.entries(json).filter(([key]) => !ignored.includes(key));
	const said: Record<string, unknown> = Object.fromEntries(entries);
	for (const [ours, theirs] of Object.entries(keys)) {
		if (theirs in said) said[ours] = said[theirs];
	}
	for (const [key, value] of Object.entries(defaults)) if (!(key in said)) said[key] = value;
	// GPT-2's MLP is four times as wide as the state where nothing is said.
	if ('intermediate_size' in keys && typeof said.hidden_size === 'number') {
		said.intermediate_size ??= WIDENING * said.hidden_size;
	}
	return said;
}

function activationOf(raw: RawConfig, { keys, block }: Family, where: string): Activation {
	const named = raw.hidden_act ?? block.activation;
	if (Object.hasOwn(ACTIVATIONS, named)) return ACTIVATIONS[named];
	throw new OwnEngineRefusal(
		where,
		`${'hidden_act' in keys ? keys.hidden_act : 'hidden_act'} is ${quoted(JSON.stringify(named))}`,
		`supported: ${Object.keys(ACTIVATIONS).join(', ')}`
	);
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
	if (headDim % 2 !== 0 && family.unrotated !== 'all') {
		throw new InputError(
			`${where}: head_dim is ${headDim}; expected an even number, for the rotary embedding`
		);
	}
	return { heads, kvHeads, headDim };
}
