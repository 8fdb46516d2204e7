import type { Architecture } from './types.ts';

/**
 * What an architecture leaves unsaid in config.json. Values are the defaults of the configuration
 * classes of Hugging Face transformers 5, whose behaviour is matched.
 */
export interface Family {
	/** `model_type` in config.json. */
	modelType: string;
	/** Key-value heads where config.json has no such key; null: as many as heads. */
	kvHeads: number | null;
	/** Width of a head where config.json has none; null: hidden / heads. */
	headDim: number | null;
	maxPositions: number;
	bosId: number | null;
	/** Bias on q, k and v: as `attention_bias` says, always or never. */
	qkvBias: 'attention_bias' | boolean;
	outputBias: 'attention_bias' | boolean;
	mlpBias: 'mlp_bias' | boolean;
	qkNorm: boolean;
	/**
	 * Which layers see a sliding window: none, all where `sliding_window` is a number, or with
	 * `use_sliding_window` those from `max_window_layers` on or named by `layer_types`.
	 */
	window: 'none' | 'all layers' | 'some layers';
}

export const FAMILIES: Record<Architecture, Family> = {
	LlamaForCausalLM: {
		modelType: 'llama',
		kvHeads: null,
		headDim: null,
		maxPositions: 2048,
		bosId: 1,
		qkvBias: 'attention_bias',
		outputBias: 'attention_bias',
		mlpBias: 'mlp_bias',
		qkNorm: false,
		window: 'none'
	},
	MistralForCausalLM: {
		modelType: 'mistral',
		kvHeads: 8,
		headDim: null,
		maxPositions: 131072,
		bosId: 1,
		qkvBias: false,
		outputBias: false,
		mlpBias: false,
		qkNorm: false,
		window: 'all layers'
	},
	Qwen2ForCausalLM: {
		modelType: 'qwen2',
		kvHeads: 32,
		headDim: null,
		maxPositions: 32768,
		bosId: null,
		qkvBias: true,
		outputBias: false,
		mlpBias: false,
		qkNorm: false,
		window: 'some layers'
	},
	Qwen3ForCausalLM: {
		modelType: 'qwen3',
		kvHeads: 32,
		headDim: 128,
		maxPositions: 32768,
		bosId: null,
		qkvBias: 'attention_bias',
		outputBias: 'attention_bias',
		mlpBias: false,
		qkNorm: true,
		window: 'some layers'
	}
};

export const ARCHITECTURES = Object.keys(FAMILIES) as Architecture[];
