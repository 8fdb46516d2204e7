/** Parts of a layer that have a weight; a bias belongs to the same part. */
export type LayerPart =
	| 'inputNorm'
	| 'q'
	| 'k'
	| 'v'
	| 'qNorm'
	| 'kNorm'
	| 'o'
	| 'sinks'
	| 'router'
	| 'attentionNorm'
	| 'postNorm'
	| 'gate'
	| 'up'
	| 'down'
	| 'mlpNorm';

/** One tensor of a file that holds the weights of several parts. */
export interface FusedTensor {
	/** Its name within a layer, and that of its bias, without ".weight" and ".bias". */
	stored: string;
	parts: readonly LayerPart[];
	/**
	 * Order of the parts in it: one below the other; in turns, one head of each; or side by side in a matrix that is
	 * stored as [inputs, outputs].
	 */
	order: 'rows' | 'rows of heads' | 'columns';
}

/** Layout of the matrices of a layer's experts. */
export type ExpertLayout =
	/** Each in a tensor of its own: `at`, the expert's number, its part. */
	| { kind: 'each'; at: string; gate: string; up: string; down: string }
	/**
	 * Those of all experts in one tensor [experts, inputs, outputs], columns of gate and up in turns; biases lie beside them
	 * under names with "_bias".
	 */
	| { kind: 'together'; gateUp: string; down: string };

/** Names of a family's tensors in its files. */
export interface TensorLayout {
	/** Begins the names of all but the output embedding; those of a base model lack it. */
	prefix: string;
	embedding: string;
	/** Embeddings of positions; null: none. */
	positions: string | null;
	finalNorm: string;
	/** The output embedding, which has no prefix. */
	head: string;
	/** Name that precedes a layer's number. */
	layers: string;
	/**
	 * Within a layer; of parts of fused tensors, what they are called in messages, and where they lie alone: a follower's
	 * values do.
	 */
	roles: Readonly<Partial<Record<LayerPart, string>>>;
	fused: readonly FusedTensor[];
	/** null: the family has no experts. */
	experts: ExpertLayout | null;
}

export const LLAMA_TENSORS = {
	prefix: 'model.',
	embedding: 'embed_tokens',
	positions: null,
	finalNorm: 'norm',
	head: 'lm_head',
	layers: 'layers',
	roles: {
		inputNorm: 'input_layernorm',
		q: 'self_attn.q_proj',
		k: 'self_attn.k_proj',
		v: 'self_attn.v_proj',
		qNorm: 'self_attn.q_norm',
		kNorm: 'self_attn.k_norm',
		o: 'self_attn.o_proj',
		postNorm: 'post_attention_layernorm',
		gate: 'mlp.gate_proj',
		up: 'mlp.up_proj',
		down: 'mlp.down_proj'
	},
	fused: [],
	experts: null
} as const satisfies TensorLayout;
