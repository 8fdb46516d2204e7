/** How the rotary embedding's frequencies are scaled (transformers: `rope_scaling`, `rope_parameters`). */
export type RopeScaling =
	| { type: 'default' }
	| { type: 'linear'; factor: number }
	/** Each frequency divided by a number of its own, [headDim / 2]. */
	| { type: 'divided'; divisors: readonly number[] }
	| {
			type: 'llama3';
			factor: number;
			lowFreqFactor: number;
			highFreqFactor: number;
			originalMaxPositions: number;
	  };

export type Architecture =
	'LlamaForCausalLM' | 'MistralForCausalLM' | 'Qwen2ForCausalLM' | 'Qwen3ForCausalLM';

/** Attention that layers take from others by the model's own making, per layer, as in a plan. */
export interface SharedAttention {
	/** l itself; a layer before it whose probabilities it reuses; null: it has no attention. */
	sources: readonly (number | null)[];
	/** The source's head for each of a follower's heads; null: heads keep their places. */
	headMaps: readonly (readonly number[] | null)[];
}

/** What the engine needs to know of a model, whatever its config.json calls it. */
export interface ModelConfig {
	architecture: Architecture;
	layers: number;
	hidden: number;
	heads: number;
	kvHeads: number;
	headDim: number;
	/** Width of the gated MLP. */
	intermediate: number;
	vocab: number;
	maxPositions: number;
	normEps: number;
	ropeTheta: number;
	ropeScaling: RopeScaling;
	/** Per layer: how many keys a query sees at most, its own included (sliding window); null: all before it. */
	reach: (number | null)[];
	/** Bias on the q, k and v projections. */
	qkvBias: boolean;
	/** Bias on the attention's output projection. */
	outputBias: boolean;
	mlpBias: boolean;
	/** RMS norm over head_dim on q and on k, before the rotary embedding (Qwen3). */
	qkNorm: boolean;
	/** The output embedding is the input embedding. */
	tied: boolean;
	bosId: number | null;
	/** null: every layer computes its own attention. */
	shared: SharedAttention | null;
	/** The dtype config.json announces, e.g. "bfloat16". */
	dtype: string;
}

/** Types of weights that the engine reads. */
export type Dtype = 'F32' | 'F16' | 'BF16';

/** One tensor of a checkpoint: where its bytes are. */
export interface TensorEntry {
	name: string;
	/** As the format names it; a tensor that nothing reads may be of any type. */
	dtype: string;
	shape: number[];
	/** Absolute path of the safetensors file. */
	file: string;
	/** Byte offset from the start of the file. */
	offset: number;
	byteLength: number;
	/**
	 * Heads whose rows are stored with the halves of their rotary pairs alternating, as llama.cpp does; they are put
	 * back as they are read. Not there: rows are in transformers' order.
	 */
	interleavedHeads?: number;
}

/** A checkpoint whose headers were read and checked against its config; no weights are in memory. */
export interface Checkpoint {
	/** Absolute path. */
	folder: string;
	/** Short name for people: the folder's name, or org/name from the Hugging Face cache. */
	name: string;
	config: ModelConfig;
	/** Every tensor of every shard by its name in transformers, those the engine does not use included. */
	tensors: ReadonlyMap<string, TensorEntry>;
	/** Bytes of all tensors. */
	bytes: number;
	/** Elements of all tensors of weights. */
	parameters: number;
	/** What differs from what config.json lets one expect; one line each. */
	notes: string[];
}

/** A model that was found without being named: usable, or why not. */
export interface ModelListing {
	/** Unique, stable and readable; what MODEL may be on the command line. */
	id: string;
	name: string;
	/** Absolute path of the checkpoint's folder, or of the ONNX or GGUF file. */
	folder: string;
	form: 'checkpoint' | 'onnx' | 'gguf';
	origin: 'bundled' | 'folder' | 'cache';
	/** null where config.json or the graph could not be understood. */
	facts: ModelFacts | null;
	/** Of an ONNX model that was written with a plan; null: of any other. */
	planned: AttendingLayers | null;
	/** Why it cannot be used; null: it can. */
	problem: string | null;
}

/** How many layers a model has, and how many of them attend themselves. */
export interface AttendingLayers {
	layers: number;
	attending: number;
}

/** The facts about a model that lists, runs and plans carry. */
export interface ModelFacts {
	architecture: string;
	layers: number;
	heads: number;
	kvHeads: number;
	headDim: number;
	hidden: number;
	intermediate: number;
	vocab: number;
	maxPositions: number;
	reach: (number | null)[];
	qkvBias: boolean;
	outputBias: boolean;
	qkNorm: boolean;
	parameters: number;
	/** Bytes of the weights on disk. */
	bytes: number;
	dtype: string;
}
