/** Names of the parts of a layer in GGUF, after `blk.N.`, and in transformers, after `model.layers.N.`. */
const LAYER: Readonly<Record<string, string>> = {
	attn_norm: 'input_layernorm',
	attn_q: 'self_attn.q_proj',
	attn_k: 'self_attn.k_proj',
	attn_v: 'self_attn.v_proj',
	attn_q_norm: 'self_attn.q_norm',
	attn_k_norm: 'self_attn.k_norm',
	attn_output: 'self_attn.o_proj',
	ffn_norm: 'post_attention_layernorm',
	ffn_gate: 'mlp.gate_proj',
	ffn_up: 'mlp.up_proj',
	ffn_down: 'mlp.down_proj'
};
/** Layers of Gemma 2 and 3, which have norms after attention and MLP too. */
const FOUR_NORMS: Readonly<Record<string, string>> = {
	...LAYER,
	post_attention_norm: 'post_attention_layernorm',
	ffn_norm: 'pre_feedforward_layernorm',
	post_ffw_norm: 'post_feedforward_layernorm'
};
const MODEL: Readonly<Record<string, string>> = {
	'token_embd.weight': 'model.embed_tokens.weight',
	'output_norm.weight': 'model.norm.weight',
	'output.weight': 'lm_head.weight'
};
const IN_LAYER = /^blk\.(\d+)\.(\w+)\.(weight|bias)$/;

/** A tensor's name in transformers, of a model with four norms a layer or two; a name that is not known stays as it is. */
export function transformersName(name: string, fourNorms: boolean): string {
	if (Object.hasOwn(MODEL, name)) return MODEL[name];
	const parts = IN_LAYER.exec(name);
	const known = fourNorms ? FOUR_NORMS : LAYER;
	if (parts === null || !Object.hasOwn(known, parts[2])) return name;
	return `model.layers.${parts[1]}.${known[parts[2]]}.${parts[3]}`;
}

const GGUF_LAYER = new Map(Object.entries(LAYER).map(([gguf, name]) => [name, gguf]));
const GGUF_MODEL = new Map(Object.entries(MODEL).map(([gguf, name]) => [name, gguf]));
const IN_TRANSFORMERS = /^model\.layers\.(\d+)\.([\w.]+)\.(weight|bias)$/;

/** A tensor's name in GGUF; null: GGUF has none for it. */
export function ggufTensorName(name: string): string | null {
	const outside = GGUF_MODEL.get(name);
	if (outside !== undefined) return outside;
	const parts = IN_TRANSFORMERS.exec(name);
	const part = parts === null ? undefined : GGUF_LAYER.get(parts[2]);
	return parts === null || part === undefined ? null : `blk.${parts[1]}.${part}.${parts[3]}`;
}
