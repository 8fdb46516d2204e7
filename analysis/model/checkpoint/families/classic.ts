import { LLAMA_TENSORS } from '../layout.ts';
import type { Architecture, BlockFacts } from '../types.ts';
import { LLAMA, LLAMA_BLOCK, type Family } from './family.ts';

const { roles } = LLAMA_TENSORS;

/** LayerNorm with bias before attention and MLP; the MLP widens, and has no gate. */
const CLASSIC_BLOCK: BlockFacts = {
	...LLAMA_BLOCK,
	norm: 'layer',
	normBias: true,
	activation: 'gelu',
	gated: false
};

/** With an MLP that widens and has no gate, as in GPT-2. */
export const CLASSIC = {
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
				q: 'attention.q_proj',
				k: 'attention.k_proj',
				v: 'attention.v_proj',
				o: 'attention.dense',
				up: 'mlp.dense_h_to_4h',
				down: 'mlp.dense_4h_to_h'
			},
			fused: [
				{ stored: 'attention.query_key_value', parts: ['q', 'k', 'v'], order: 'rows of heads' }
			],
			experts: null
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
			roles: {
				...roles,
				inputNorm: 'ln_1',
				q: 'attn.q_proj',
				k: 'attn.k_proj',
				v: 'attn.v_proj',
				postNorm: 'ln_2'
			},
			fused: [
				{ stored: 'attn.c_attn', parts: ['q', 'k', 'v'], order: 'columns' },
				{ stored: 'attn.c_proj', parts: ['o'], order: 'columns' },
				{ stored: 'mlp.c_fc', parts: ['up'], order: 'columns' },
				{ stored: 'mlp.c_proj', parts: ['down'], order: 'columns' }
			],
			experts: null
		}
	}
} satisfies Partial<Record<Architecture, Family>>;
