import type { ModelConfig } from './types.ts';

/** Names of one layer's tensors by the part they play; absent parts are undefined. */
export interface LayerTensorNames {
	inputNorm: string;
	q: string;
	k: string;
	v: string;
	qBias?: string;
	kBias?: string;
	vBias?: string;
	qNorm?: string;
	kNorm?: string;
	o: string;
	oBias?: string;
	postNorm: string;
	gate: string;
	up: string;
	down: string;
	gateBias?: string;
	upBias?: string;
	downBias?: string;
}

/** Names of the tensors outside the layers. */
export interface ModelTensorNames {
	embedding: string;
	finalNorm: string;
	/** The embedding again where the two are tied. */
	outputEmbedding: string;
}

/** The tensors of layer `layer` (0-based), by role. */
export function layerTensorNames(config: ModelConfig, layer: number): LayerTensorNames {
	const at = `model.layers.${layer}`;
	return {
		inputNorm: `${at}.input_layernorm.weight`,
		q: `${at}.self_attn.q_proj.weight`,
		k: `${at}.self_attn.k_proj.weight`,
		v: `${at}.self_attn.v_proj.weight`,
		...(config.qkvBias && {
			qBias: `${at}.self_attn.q_proj.bias`,
			kBias: `${at}.self_attn.k_proj.bias`,
			vBias: `${at}.self_attn.v_proj.bias`
		}),
		...(config.qkNorm && {
			qNorm: `${at}.self_attn.q_norm.weight`,
			kNorm: `${at}.self_attn.k_norm.weight`
		}),
		o: `${at}.self_attn.o_proj.weight`,
		...(config.outputBias && { oBias: `${at}.self_attn.o_proj.bias` }),
		postNorm: `${at}.post_attention_layernorm.weight`,
		gate: `${at}.mlp.gate_proj.weight`,
		up: `${at}.mlp.up_proj.weight`,
		down: `${at}.mlp.down_proj.weight`,
		...(config.mlpBias && {
			gateBias: `${at}.mlp.gate_proj.bias`,
			upBias: `${at}.mlp.up_proj.bias`,
			downBias: `${at}.mlp.down_proj.bias`
		})
	};
}

export function modelTensorNames(config: ModelConfig): ModelTensorNames {
	const embedding = 'model.embed_tokens.weight';
	return {
		embedding,
		finalNorm: 'model.norm.weight',
		outputEmbedding: config.tied ? embedding : 'lm_head.weight'
	};
}

/** Shape of each role of a layer; matrices are [outputs, inputs], as PyTorch stores them. */
export function layerTensorShapes(
	config: ModelConfig
): Record<keyof LayerTensorNames, readonly number[]> {
	const { hidden, headDim, intermediate } = config;
	const query = config.heads * headDim;
	const key = config.kvHeads * headDim;
	return {
		inputNorm: [hidden],
		q: [query, hidden],
		k: [key, hidden],
		v: [key, hidden],
		qBias: [query],
		kBias: [key],
		vBias: [key],
		qNorm: [headDim],
		kNorm: [headDim],
		o: [hidden, query],
		oBias: [hidden],
		postNorm: [hidden],
		gate: [intermediate, hidden],
		up: [intermediate, hidden],
		down: [hidden, intermediate],
		gateBias: [intermediate],
		upBias: [intermediate],
		downBias: [hidden]
	};
}

/** What a follower does not need: it has no queries, no keys and nothing that belongs to them. */
export const ATTENTION_ONLY: readonly (keyof LayerTensorNames)[] = [
	'q',
	'k',
	'qBias',
	'kBias',
	'qNorm',
	'kNorm'
];

/** What a layer keeps whose attention is left out. */
export const FEED_FORWARD: readonly (keyof LayerTensorNames)[] = [
	'postNorm',
	'gate',
	'up',
	'down',
	'gateBias',
	'upBias',
	'downBias'
];

/** Whether a layer needs the tensor of a role: all of them, unless it takes its attention from `source`. */
export function needsRole(
	role: keyof LayerTensorNames,
	layer: number,
	source: number | null
): boolean {
	if (source === layer) return true;
	return source === null ? FEED_FORWARD.includes(role) : !ATTENTION_ONLY.includes(role);
}

/** Name of what stands in for the output of a layer's attention that is left out, [hidden], where it is there. */
export function meanOutputName(layer: number): string {
	return `model.layers.${layer}.self_attn.o_proj.bias`;
}

/** Every tensor the engine reads of a model with this config, and its shape. */
export function expectedTensors(config: ModelConfig): { name: string; shape: number[] }[] {
	const outside = modelTensorNames(config);
	const shapes = layerTensorShapes(config);
	const roles = Object.keys(shapes) as (keyof LayerTensorNames)[];
	const tensors = [
		{ name: outside.embedding, shape: [config.vocab, config.hidden] },
		{ name: outside.finalNorm, shape: [config.hidden] }
	];
	if (!config.tied) {
		tensors.push({ name: outside.outputEmbedding, shape: [config.vocab, config.hidden] });
	}
	for (let layer = 0; layer < config.layers; layer++) {
		const names = layerTensorNames(config, layer);
		const source = config.shared === null ? layer : config.shared.sources[layer];
		for (const role of roles) {
			const name = names[role];
			const needed = name !== undefined && needsRole(role, layer, source);
			if (needed) tensors.push({ name, shape: [...shapes[role]] });
		}
	}
	return tensors;
}
