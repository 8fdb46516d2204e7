import { LLAMA_TENSORS, type TensorLayout } from '../layout.ts';
import type { Architecture } from '../types.ts';
import { LLAMA, LLAMA_BLOCK, type Family } from './family.ts';
import { GATE_UP } from './llama.ts';

const { roles } = LLAMA_TENSORS;

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

/** Whose norms lie elsewhere than Llama’s, or are LayerNorms. */
export const OTHERWISE_NORMED = {
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
	}
} satisfies Partial<Record<Architecture, Family>>;
