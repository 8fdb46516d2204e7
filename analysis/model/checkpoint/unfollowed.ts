import { quoted } from '../../edge/quote.ts';
import { OwnEngineRefusal } from './ownEngineRefusal.ts';

/** Keys of config.json that would change the numbers and that the engine does not follow, and values that mean nothing. */
const UNFOLLOWED: Record<string, readonly unknown[]> = {
	// Attention
	is_causal: [true],
	use_bidirectional_attention: [false],
	attention_multiplier: [],
	attn_logit_softcapping: [],
	query_pre_attn_scalar: [],
	attention_chunk_size: [],
	clip_qkv: [],
	use_qk_norm: [false],
	qk_layernorm: [false],
	attn_output_gate: [false],
	scale_attn_weights: [true],
	scale_attn_by_inverse_layer_idx: [false],
	add_cross_attention: [false],
	use_parallel_residual: [false],
	attn_temperature_tuning: [false],
	no_rope_layers: [],
	no_rope_layer_interval: [0],
	num_kv_shared_layers: [0],
	alibi: [false],
	// Around it
	embedding_multiplier: [1],
	residual_multiplier: [1],
	logits_scaling: [1],
	logit_scale: [1],
	final_logit_softcapping: [],
	per_layer_config: [],
	num_experts: [0, 1],
	num_local_experts: [0, 1],
	n_routed_experts: [0],
	n_shared_experts: [0],
	decoder_sparse_step: [1],
	mlp_only_layers: []
};

/**
 * Throws InputError for a config.json with a key that changes what a model computes and that its family does not follow
 * (`follows`). The classes of transformers for the supported families pass over most of these; a file that has one
 * describes another model.
 */
export function refuseUnfollowed(json: object, follows: readonly string[], where: string): void {
	const config = new Map<string, unknown>(Object.entries(json));
	for (const [name, neutral] of Object.entries(UNFOLLOWED)) {
		const value = config.get(name);
		if (follows.includes(name) || value == null || neutral.includes(value) || isEmpty(value))
			continue;
		const allowed = neutral.length === 0 ? 'no such key' : neutral.map(String).join(' or ');
		throw new OwnEngineRefusal(
			where,
			`${name} is ${quoted(JSON.stringify(value))}, which is not supported`,
			`expected ${allowed}`
		);
	}
}

function isEmpty(value: unknown): boolean {
	return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}
