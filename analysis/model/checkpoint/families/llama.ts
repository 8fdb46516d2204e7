import { LLAMA_TENSORS } from '../layout.ts';
import type { Architecture } from '../types.ts';
import { LLAMA, LLAMA_BLOCK, type Family } from './family.ts';

const { roles } = LLAMA_TENSORS;

/** gate and up in one tensor. */
export const GATE_UP = {
	stored: 'mlp.gate_up_proj',
	parts: ['gate', 'up'],
	order: 'rows'
} as const;

export const MISTRAL: Family = {
	...LLAMA,
	modelType: 'mistral',
	kvHeads: 8,
	maxPositions: 131072,
	qkvBias: false,
	outputBias: false,
	mlpBias: false,
	window: 'all layers'
};

export const QWEN3: Family = {
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

/** Built as Llama, or nearly so. */
export const LLAMA_LIKE = {
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
	}
} satisfies Partial<Record<Architecture, Family>>;
