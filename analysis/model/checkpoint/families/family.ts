import { LLAMA_TENSORS, type TensorLayout } from '../layout.ts';
import type { BlockFacts } from '../types.ts';

/**
 * Facts of an architecture that config.json leaves unsaid. Values are the defaults of the configuration classes of
 * Hugging Face transformers 5, whose behaviour is matched.
 */
export interface Family {
	/** `model_type` in config.json. */
	modelType: string;
	/** Keys of config.json that this family calls otherwise: by Llama's name, its own. */
	keys: Readonly<Record<string, string>>;
	/** Values of keys, by Llama's names, that config.json lacks. */
	defaults: Readonly<Record<string, unknown>>;
	/** Key-value heads where config.json has no such key; null: as many as heads. */
	kvHeads: number | null;
	/** Width of a head where config.json has none; null: hidden / heads. */
	headDim: number | null;
	maxPositions: number;
	bosId: number | null;
	/** Bias on q, k and v, on the output projection and in the MLP: as a key of config.json says, always or never. */
	qkvBias: BiasKey | boolean;
	outputBias: BiasKey | boolean;
	mlpBias: BiasKey | boolean;
	qkNorm: boolean;
	/**
	 * Layers with a sliding window: none; all, where `sliding_window` is a number (`where used`: and `use_sliding_window`
	 * is set); with `use_sliding_window` those from `max_window_layers` on or named by `layer_types`; or all but every
	 * n-th, unless `layer_types` names them.
	 */
	window: 'none' | 'all layers' | 'where used' | 'some layers' | { fullEvery: number };
	/** Layers that do not rotate: none, those that `no_rope_layers` names, those without a sliding window, or all. */
	unrotated: 'none' | 'no_rope_layers' | 'full layers' | 'all';
	/** True if a part of each head may rotate alone, by `partial_rotary_factor`; else the whole head must. */
	partialRotary: boolean;
	/** Rotary base of layers with a sliding window, where it is another than `rope_theta`. */
	localTheta: number | null;
	block: BlockFacts;
	/** True if `use_parallel_residual` decides if a block is parallel; else `block.parallel` does. */
	parallelByConfig: boolean;
	/** True if embeddings are multiplied by √hidden. */
	scaledEmbedding: boolean;
	/** Mixtures of experts: their numbers where config.json has none, and how experts are weighed; null: one MLP a layer. */
	experts: {
		count: number;
		perToken: number;
		softmaxOver: 'all' | 'chosen';
		normalised: boolean | 'norm_topk_prob';
		/** True if the MLP is gpt-oss's clamped one. */
		clamped: boolean;
	} | null;
	/** True if heads have an attention sink, a score for no key. */
	sinks: boolean;
	/** Keys that are refused of other families, because they change the numbers, and that are followed here. */
	follows: readonly string[];
	tensors: TensorLayout;
}

export type BiasKey =
	'attention_bias' | 'attention_out_bias' | 'mlp_bias' | 'use_bias' | 'use_qkv_bias';

/** A pre-norm block with a gated MLP, as Llama's. */
export const LLAMA_BLOCK: BlockFacts = {
	norm: 'rms',
	normWeight: true,
	normBias: false,
	normOffset: 0,
	normsBefore: true,
	normsAfter: false,
	parallel: false,
	qkNormOver: 'head',
	activation: 'silu',
	gated: true,
	rotaryInterleaved: false
};

/** Family that most others copy, with some facts changed. */
export const LLAMA: Family = {
	modelType: 'llama',
	keys: {},
	defaults: {},
	kvHeads: null,
	headDim: null,
	maxPositions: 2048,
	bosId: 1,
	qkvBias: 'attention_bias',
	outputBias: 'attention_bias',
	mlpBias: 'mlp_bias',
	qkNorm: false,
	window: 'none',
	unrotated: 'none',
	partialRotary: false,
	localTheta: null,
	block: LLAMA_BLOCK,
	parallelByConfig: false,
	scaledEmbedding: false,
	experts: null,
	sinks: false,
	follows: [],
	tensors: LLAMA_TENSORS
};
