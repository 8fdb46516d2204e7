import { LLAMA_TENSORS, type TensorLayout } from './layout.ts';
import type { Architecture, BlockFacts, ModelConfig } from './types.ts';

/**
 * What an architecture leaves unsaid in config.json. Values are the defaults of the configuration
 * classes of Hugging Face transformers 5, whose behaviour is matched.
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
	 * Which layers see a sliding window: none, all where `sliding_window` is a number, with
	 * `use_sliding_window` those from `max_window_layers` on or named by `layer_types`, or all but every n-th.
	 */
	window: 'none' | 'all layers' | 'some layers' | { fullEvery: number };
	/** Which layers do not rotate: none, those that `no_rope_layers` names, those without a sliding window, or all. */
	unrotated: 'none' | 'no_rope_layers' | 'full layers' | 'all';
	/** Whether a part of each head may rotate alone, by `partial_rotary_factor`; else the whole of it does. */
	partialRotary: boolean;
	/** Rotary base of layers with a sliding window, where it is another than `rope_theta`. */
	localTheta: number | null;
	block: BlockFacts;
	/** Whether `use_parallel_residual` says if a block is parallel. */
	parallelByConfig: boolean;
	/** Whether embeddings are multiplied by √hidden. */
	scaledEmbedding: boolean;
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

const LLAMA: Family = {
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
	follows: [],
	tensors: LLAMA_TENSORS
};

const { roles } = LLAMA_TENSORS;

/** Norms after attention and MLP, beside those before them. */
const FOUR_NORMS: TensorLayout = {
	...LLAMA_TENSORS,
	roles: {
		...roles,
		attentionNorm: 'post_attention_layernorm',
		postNorm: 'pre_feedforward_layernorm',
		mlpNorm: 'post_feedforward_layernorm'
	}
};
const GEMMA: Family = {
	...LLAMA,
	modelType: 'gemma',
	defaults: { hidden_act: 'gelu_pytorch_tanh', tie_word_embeddings: true },
	kvHeads: 16,
	headDim: 256,
	maxPositions: 8192,
	bosId: 2,
	mlpBias: false,
	block: { ...LLAMA_BLOCK, normOffset: 1 },
	scaledEmbedding: true
};
const GEMMA2: Family = {
	...GEMMA,
	modelType: 'gemma2',
	keys: { hidden_act: 'hidden_activation' },
	defaults: {
		...GEMMA.defaults,
		query_pre_attn_scalar: 256,
		attn_logit_softcapping: 50,
		final_logit_softcapping: 30
	},
	kvHeads: 4,
	window: { fullEvery: 2 },
	block: { ...GEMMA.block, normsAfter: true },
	follows: ['query_pre_attn_scalar', 'attn_logit_softcapping', 'final_logit_softcapping'],
	tensors: FOUR_NORMS
};

const GATE_UP = { stored: 'mlp.gate_up_proj', parts: ['gate', 'up'], order: 'rows' } as const;
const GLM: Family = {
	...LLAMA,
	modelType: 'glm',
	partialRotary: true,
	defaults: { attention_bias: true, partial_rotary_factor: 0.5, rms_norm_eps: 1.5625e-7 },
	kvHeads: 2,
	headDim: 128,
	maxPositions: 131072,
	bosId: null,
	outputBias: false,
	mlpBias: false,
	block: { ...LLAMA_BLOCK, rotaryInterleaved: true },
	tensors: { ...LLAMA_TENSORS, fused: [GATE_UP] }
};

/** Its MLP reads what the attention reads. */
const ONE_NORM: TensorLayout = {
	...LLAMA_TENSORS,
	roles: { ...roles, postNorm: roles.inputNorm }
};
const COHERE: Family = {
	...LLAMA,
	modelType: 'cohere',
	keys: { rms_norm_eps: 'layer_norm_eps' },
	defaults: {
		logit_scale: 0.0625,
		rms_norm_eps: 1e-5,
		rope_theta: 500_000,
		tie_word_embeddings: true
	},
	maxPositions: 8192,
	bosId: 5,
	mlpBias: false,
	block: { ...LLAMA_BLOCK, norm: 'layer', parallel: true, rotaryInterleaved: true },
	follows: ['logit_scale'],
	tensors: ONE_NORM
};

const OLMO2: Family = {
	...LLAMA,
	modelType: 'olmo2',
	defaults: { rms_norm_eps: 1e-5 },
	bosId: null,
	mlpBias: false,
	qkNorm: true,
	block: { ...LLAMA_BLOCK, normsBefore: false, normsAfter: true, qkNormOver: 'all heads' },
	tensors: {
		...LLAMA_TENSORS,
		roles: {
			...roles,
			attentionNorm: 'post_attention_layernorm',
			mlpNorm: 'post_feedforward_layernorm'
		}
	}
};

const MISTRAL: Family = {
	...LLAMA,
	modelType: 'mistral',
	kvHeads: 8,
	maxPositions: 131072,
	qkvBias: false,
	outputBias: false,
	mlpBias: false,
	window: 'all layers'
};

const QWEN3: Family = {
	...LLAMA,
	modelType: 'qwen3',
	kvHeads: 32,
	headDim: 128,
	maxPositions: 32768,
	bosId: null,
	mlpBias: false,
	qkNorm: true,
	window: 'some layers'
};

/** LayerNorm with bias before attention and MLP; the MLP widens, and has no gate. */
const CLASSIC_BLOCK: BlockFacts = {
	...LLAMA_BLOCK,
	norm: 'layer',
	normBias: true,
	activation: 'gelu',
	gated: false
};

export const FAMILIES: Record<Architecture, Family> = {
	LlamaForCausalLM: LLAMA,
	MistralForCausalLM: MISTRAL,
	Qwen2ForCausalLM: {
		...QWEN3,
		modelType: 'qwen2',
		headDim: null,
		qkvBias: true,
		outputBias: false,
		qkNorm: false
	},
	Qwen3ForCausalLM: QWEN3,
	SeedOssForCausalLM: {
		...LLAMA,
		modelType: 'seed_oss',
		defaults: { attention_bias: true },
		kvHeads: 8,
		headDim: 128,
		maxPositions: 524288,
		bosId: 0,
		outputBias: 'attention_out_bias'
	},
	Ernie4_5ForCausalLM: {
		...LLAMA,
		modelType: 'ernie4_5',
		defaults: { rms_norm_eps: 1e-5, rope_theta: 500_000, tie_word_embeddings: true },
		kvHeads: 2,
		headDim: 128,
		maxPositions: 131072,
		qkvBias: 'use_bias',
		outputBias: 'use_bias',
		mlpBias: 'use_bias',
		block: { ...LLAMA_BLOCK, rotaryInterleaved: true }
	},
	HunYuanDenseV1ForCausalLM: {
		...LLAMA,
		modelType: 'hunyuan_v1_dense',
		defaults: { rms_norm_eps: 1e-5 },
		mlpBias: false,
		qkNorm: true,
		block: { ...LLAMA_BLOCK, qkNormOver: 'rotated head' },
		follows: ['use_qk_norm', 'alpha'],
		tensors: {
			...LLAMA_TENSORS,
			roles: { ...roles, qNorm: 'self_attn.query_layernorm', kNorm: 'self_attn.key_layernorm' }
		}
	},
	Ministral3ForCausalLM: {
		...MISTRAL,
		modelType: 'ministral3',
		follows: ['llama_4_scaling_beta'],
		defaults: { rms_norm_eps: 1e-5, sliding_window: null },
		headDim: 128,
		maxPositions: 262144
	},
	GemmaForCausalLM: GEMMA,
	Gemma2ForCausalLM: GEMMA2,
	Gemma3ForCausalLM: {
		...GEMMA2,
		modelType: 'gemma3_text',
		defaults: { ...GEMMA.defaults, query_pre_attn_scalar: 256, rope_theta: 1_000_000 },
		maxPositions: 131072,
		qkNorm: true,
		window: { fullEvery: 6 },
		localTheta: 10_000
	},
	Phi3ForCausalLM: {
		...LLAMA,
		modelType: 'phi3',
		partialRotary: true,
		defaults: { rms_norm_eps: 1e-5, sliding_window: null },
		maxPositions: 4096,
		qkvBias: false,
		outputBias: false,
		mlpBias: false,
		window: 'all layers',
		tensors: {
			...LLAMA_TENSORS,
			fused: [{ stored: 'self_attn.qkv_proj', parts: ['q', 'k', 'v'], order: 'rows' }, GATE_UP]
		}
	},
	OlmoForCausalLM: {
		...LLAMA,
		modelType: 'olmo',
		// Its class has no key for it.
		defaults: { rms_norm_eps: 1e-5 },
		bosId: null,
		mlpBias: false,
		block: { ...LLAMA_BLOCK, norm: 'layer', normWeight: false }
	},
	Olmo2ForCausalLM: OLMO2,
	Olmo3ForCausalLM: {
		...OLMO2,
		modelType: 'olmo3',
		defaults: { ...OLMO2.defaults, rope_theta: 500_000 },
		window: { fullEvery: 4 },
		localTheta: 500_000
	},
	SmolLM3ForCausalLM: {
		...LLAMA,
		modelType: 'smollm3',
		defaults: { rope_theta: 2_000_000, sliding_window: null, tie_word_embeddings: true },
		kvHeads: 4,
		maxPositions: 32768,
		bosId: 128000,
		window: 'some layers',
		unrotated: 'no_rope_layers',
		follows: ['no_rope_layers', 'no_rope_layer_interval']
	},
	GraniteForCausalLM: {
		...LLAMA,
		modelType: 'granite',
		defaults: { attention_multiplier: 1 },
		follows: [
			'attention_multiplier',
			'embedding_multiplier',
			'residual_multiplier',
			'logits_scaling'
		]
	},
	GlmForCausalLM: GLM,
	Glm4ForCausalLM: {
		...GLM,
		modelType: 'glm4',
		block: { ...GLM.block, normsAfter: true },
		tensors: {
			...GLM.tensors,
			roles: {
				...roles,
				attentionNorm: 'post_self_attn_layernorm',
				mlpNorm: 'post_mlp_layernorm'
			}
		}
	},
	Starcoder2ForCausalLM: {
		...LLAMA,
		modelType: 'starcoder2',
		keys: { rms_norm_eps: 'norm_epsilon' },
		defaults: {
			hidden_act: 'gelu_pytorch_tanh',
			rms_norm_eps: 1e-5,
			sliding_window: null,
			tie_word_embeddings: true,
			use_bias: true
		},
		kvHeads: 2,
		maxPositions: 4096,
		bosId: 50256,
		qkvBias: 'use_bias',
		outputBias: 'use_bias',
		mlpBias: 'use_bias',
		window: 'all layers',
		block: CLASSIC_BLOCK,
		tensors: { ...LLAMA_TENSORS, roles: { ...roles, up: 'mlp.c_fc', down: 'mlp.c_proj' } }
	},
	StableLmForCausalLM: {
		...LLAMA,
		modelType: 'stablelm',
		partialRotary: true,
		keys: { rms_norm_eps: 'layer_norm_eps' },
		defaults: { partial_rotary_factor: 0.25, rms_norm_eps: 1e-5 },
		kvHeads: 32,
		maxPositions: 4096,
		bosId: 0,
		qkvBias: 'use_qkv_bias',
		outputBias: false,
		mlpBias: false,
		block: { ...LLAMA_BLOCK, norm: 'layer', normBias: true }
	},
	CohereForCausalLM: COHERE,
	Cohere2ForCausalLM: {
		...COHERE,
		modelType: 'cohere2',
		defaults: { ...COHERE.defaults, rope_theta: 10_000 },
		window: { fullEvery: 4 },
		unrotated: 'full layers'
	},
	GPTNeoXForCausalLM: {
		...LLAMA,
		modelType: 'gpt_neox',
		partialRotary: true,
		keys: {
			num_key_value_heads: 'num_attention_heads',
			rms_norm_eps: 'layer_norm_eps',
			partial_rotary_factor: 'rotary_pct',
			rope_theta: 'rotary_emb_base'
		},
		defaults: {
			attention_bias: true,
			hidden_act: 'gelu',
			partial_rotary_factor: 0.25,
			rms_norm_eps: 1e-5,
			use_parallel_residual: true
		},
		bosId: 0,
		mlpBias: true,
		block: CLASSIC_BLOCK,
		parallelByConfig: true,
		follows: ['use_parallel_residual'],
		tensors: {
			prefix: 'gpt_neox.',
			embedding: 'embed_in',
			positions: null,
			finalNorm: 'final_layer_norm',
			head: 'embed_out',
			layers: 'layers',
			roles: {
				...roles,
				o: 'attention.dense',
				up: 'mlp.dense_h_to_4h',
				down: 'mlp.dense_4h_to_h'
			},
			fused: [
				{ stored: 'attention.query_key_value', parts: ['q', 'k', 'v'], order: 'rows of heads' }
			]
		}
	},
	GPT2LMHeadModel: {
		...LLAMA,
		modelType: 'gpt2',
		keys: {
			hidden_size: 'n_embd',
			intermediate_size: 'n_inner',
			num_hidden_layers: 'n_layer',
			num_attention_heads: 'n_head',
			num_key_value_heads: 'n_head',
			max_position_embeddings: 'n_positions',
			rms_norm_eps: 'layer_norm_epsilon',
			hidden_act: 'activation_function'
		},
		defaults: { hidden_act: 'gelu_new', rms_norm_eps: 1e-5, tie_word_embeddings: true },
		maxPositions: 1024,
		bosId: 50256,
		qkvBias: true,
		outputBias: true,
		mlpBias: true,
		unrotated: 'all',
		block: CLASSIC_BLOCK,
		tensors: {
			prefix: 'transformer.',
			embedding: 'wte',
			positions: 'wpe',
			finalNorm: 'ln_f',
			head: 'lm_head',
			layers: 'h',
			roles: { ...roles, inputNorm: 'ln_1', postNorm: 'ln_2' },
			fused: [
				{ stored: 'attn.c_attn', parts: ['q', 'k', 'v'], order: 'columns' },
				{ stored: 'attn.c_proj', parts: ['o'], order: 'columns' },
				{ stored: 'mlp.c_fc', parts: ['up'], order: 'columns' },
				{ stored: 'mlp.c_proj', parts: ['down'], order: 'columns' }
			]
		}
	}
};

export const ARCHITECTURES = Object.keys(FAMILIES) as Architecture[];

/** Whether the program's own engine runs models of that class. */
export function isArchitecture(name: string): name is Architecture {
	return Object.hasOwn(FAMILIES, name);
}

/** The family of a model that the program's own engine runs. */
export function familyOf({ architecture }: Pick<ModelConfig, 'architecture'>): Family {
	if (isArchitecture(architecture)) return FAMILIES[architecture];
	throw new RangeError(`${architecture} is not run by this engine`);
}
