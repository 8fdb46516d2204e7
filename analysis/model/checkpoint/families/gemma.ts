import { LLAMA_TENSORS, type TensorLayout } from '../layout.ts';
import type { Architecture } from '../types.ts';
import { LLAMA, LLAMA_BLOCK, type Family } from './family.ts';

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

/** Gemma 1 to 3. */
export const GEMMAS = {
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
	}
} satisfies Partial<Record<Architecture, Family>>;
