import { LLAMA_TENSORS } from '../layout.ts';
import type { Architecture } from '../types.ts';
import { LLAMA, type Family } from './family.ts';
import { MISTRAL, QWEN3 } from './llama.ts';

const { roles } = LLAMA_TENSORS;

/** Names of the matrices of all experts of a layer together. */
const TOGETHER = {
	gate: 'mlp.experts.all_gates',
	up: 'mlp.experts.all_ups',
	down: 'mlp.experts.all_downs'
} as const;

/** Mixtures of experts. */
export const MIXTURES = {
	MixtralForCausalLM: {
		...MISTRAL,
		modelType: 'mixtral',
		defaults: { rms_norm_eps: 1e-5, rope_theta: 1_000_000, sliding_window: null },
		experts: {
			...{ count: 8, perToken: 2, softmaxOver: 'all', normalised: true },
			clamped: false
		},
		follows: ['num_local_experts', 'num_experts'],
		tensors: {
			...LLAMA_TENSORS,
			roles: { ...roles, router: 'block_sparse_moe.gate', ...TOGETHER },
			experts: {
				...{ kind: 'each', at: 'block_sparse_moe.experts' },
				...{ gate: 'w1', up: 'w3', down: 'w2' }
			}
		}
	},
	Qwen3MoeForCausalLM: {
		...QWEN3,
		modelType: 'qwen3_moe',
		keys: { intermediate_size: 'moe_intermediate_size' },
		defaults: { moe_intermediate_size: 768 },
		kvHeads: 4,
		headDim: null,
		window: 'where used',
		experts: {
			...{ count: 128, perToken: 8, softmaxOver: 'all', normalised: 'norm_topk_prob' },
			clamped: false
		},
		follows: ['num_local_experts', 'num_experts'],
		tensors: {
			...LLAMA_TENSORS,
			roles: { ...roles, router: 'mlp.gate', ...TOGETHER },
			experts: {
				...{ kind: 'each', at: 'mlp.experts' },
				...{ gate: 'gate_proj', up: 'up_proj', down: 'down_proj' }
			}
		}
	},
	GptOssForCausalLM: {
		...LLAMA,
		modelType: 'gpt_oss',
		defaults: {
			...{ attention_bias: true, rms_norm_eps: 1e-5, rope_theta: 150_000, sliding_window: 128 },
			rope_parameters: {
				...{ rope_type: 'yarn', factor: 32, beta_fast: 32, beta_slow: 1, truncate: false },
				original_max_position_embeddings: 4096
			}
		},
		kvHeads: 8,
		headDim: 64,
		maxPositions: 131072,
		bosId: null,
		mlpBias: true,
		window: { fullEvery: 2 },
		experts: {
			...{ count: 128, perToken: 4, softmaxOver: 'chosen', normalised: false },
			clamped: true
		},
		sinks: true,
		follows: ['num_local_experts', 'num_experts'],
		tensors: {
			...LLAMA_TENSORS,
			roles: { ...roles, sinks: 'self_attn.sinks', router: 'mlp.router', ...TOGETHER },
			experts: {
				...{ kind: 'together', gateUp: 'mlp.experts.gate_up_proj' },
				down: 'mlp.experts.down_proj'
			}
		}
	}
} satisfies Partial<Record<Architecture, Family>>;
