import * as v from 'valibot';
import { parseUntrusted } from '../../edge/parse.ts';
import { InputError } from '../../errors.ts';
import { LLAMA_BLOCK } from './families/family.ts';
import { MAX_LAYERS, namedWindows, windowFields } from './slidingWindow.ts';
import type { ModelConfig } from './types.ts';

const count = v.nullish(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(2 ** 31 - 1)));

/** Keys of config.json by which decoders of different families name the same size. */
const NAMES = {
	layers: ['num_hidden_layers', 'n_layer', 'n_layers', 'num_layers'],
	hidden: ['hidden_size', 'n_embd', 'd_model'],
	heads: ['num_attention_heads', 'n_head', 'n_heads'],
	kvHeads: ['num_key_value_heads', 'num_kv_heads'],
	headDim: ['head_dim'],
	intermediate: ['intermediate_size', 'ffn_dim', 'n_inner', 'ffn_hidden_size'],
	vocab: ['vocab_size'],
	maxPositions: ['max_position_embeddings', 'n_positions', 'max_seq_len', 'seq_length']
} as const;

type Size = keyof typeof NAMES;

const schema = v.looseObject({
	architectures: v.nullish(v.array(v.string())),
	is_encoder_decoder: v.nullish(v.boolean()),
	model_type: v.nullish(v.string()),
	bos_token_id: v.nullish(v.pipe(v.number(), v.integer(), v.minValue(0))),
	dtype: v.nullish(v.string()),
	torch_dtype: v.nullish(v.string()),
	text_config: v.nullish(v.looseObject({})),
	...windowFields,
	// 0 where windows are not used: so transformers writes Qwen2-MoE.
	sliding_window: v.nullish(v.pipe(v.number(), v.integer(), v.minValue(0))),
	...Object.fromEntries(Object.values(NAMES).flatMap((names) => names.map((name) => [name, count])))
});

/** transformers' BLOOM and MPT have no key for it. */
const DEFAULT_POSITIONS = 2048;
const WIDENING = 4;
/** Endings of the names of transformers' classes that continue a text. */
const DECODER = /(ForCausalLM|LMHeadModel|ForConditionalGeneration)$/;

/**
 * Returns true if a config.json describes a decoder, as far as it says. An encoder (BERT), an encoder with a decoder
 * (T5) and a file that names no family are none. Throws InputError for JSON that is no config.json.
 */
export function isDecoder(json: unknown, where: string): boolean {
	const said = parseUntrusted(schema, json, where);
	const named = said.architectures?.at(0);
	if (said.is_encoder_decoder === true) return false;
	return named === undefined ? said.model_type != null : DECODER.test(named);
}

/**
 * Reads the sizes that another engine needs of a model that the program's own cannot run, from its config.json alone.
 * The block is given as Llama's: only that engine knows the real one. `why`: see `ModelConfig.onlyTorch`. Throws
 * InputError where a size is not there.
 */
export function sizesOf(json: unknown, where: string, why: string): ModelConfig {
	const outer = parseUntrusted(schema, json, where);
	const inner = parseUntrusted(schema, { ...outer, ...outer.text_config }, where);
	const found = new Map<string, unknown>(Object.entries(inner));
	const size = (which: Size, otherwise?: number): number => {
		for (const name of NAMES[which]) {
			const value = found.get(name);
			if (typeof value === 'number') return value;
		}
		if (otherwise !== undefined) return otherwise;
		throw new InputError(`${where}: has none of ${NAMES[which].join(', ')}`);
	};
	const layers = size('layers');
	if (layers > MAX_LAYERS) {
		throw new InputError(`${where}: has ${layers} layers; at most ${MAX_LAYERS} are allowed`);
	}
	const [hidden, heads] = [size('hidden'), size('heads')];
	const headDim = size('headDim', Math.floor(hidden / heads));
	const all = Array.from({ length: layers }, () => null);
	return {
		architecture: outer.architectures?.[0] ?? 'unknown',
		...{ layers, hidden, heads, headDim },
		kvHeads: Math.min(heads, size('kvHeads', heads)),
		intermediate: size('intermediate', WIDENING * hidden),
		vocab: size('vocab'),
		maxPositions: size('maxPositions', DEFAULT_POSITIONS),
		normEps: 1e-6,
		block: LLAMA_BLOCK,
		scales: {
			...{ score: 1, scoreCap: null, logitCap: null },
			...{ logit: 1, embedding: 1, residual: 1 }
		},
		...{ rotaries: [], rotaryOf: all, rotaryDims: headDim, learnedPositions: false },
		slidingWindows: namedWindows(inner, layers) ?? all,
		...{ qkvBias: false, outputBias: false, mlpBias: false, qkNorm: false, tied: true },
		bosId: inner.bos_token_id ?? null,
		experts: null,
		sinks: false,
		shared: null,
		dtype: outer.dtype ?? outer.torch_dtype ?? inner.dtype ?? inner.torch_dtype ?? 'float32',
		quantisation: null,
		onlyTorch: why
	};
}
