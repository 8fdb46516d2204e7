/** Scaling of the rotary embedding's frequencies (transformers: `rope_scaling`, `rope_parameters`). */
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
	  }
	| {
			type: 'yarn';
			factor: number;
			/** Of cosines and sines. */
			attentionFactor: number;
			betaFast: number;
			betaSlow: number;
			originalMaxPositions: number;
			/** True if the bounds of the ramp are rounded outwards to whole numbers. */
			truncate: boolean;
	  }
	| {
			type: 'longrope';
			attentionFactor: number;
			/** Each frequency divided by a number of its own, in windows up to `originalMaxPositions` and in longer ones. */
			shortDivisors: readonly number[];
			longDivisors: readonly number[];
			originalMaxPositions: number;
	  };

/** A set of rotary frequencies, which the layers of one kind share. */
export interface Rotary {
	theta: number;
	scaling: RopeScaling;
}

/** Classes of transformers whose checkpoints the engine runs. */
export type Architecture =
	| 'LlamaForCausalLM'
	| 'MistralForCausalLM'
	| 'Qwen2ForCausalLM'
	| 'Qwen3ForCausalLM'
	| 'SeedOssForCausalLM'
	| 'Ernie4_5ForCausalLM'
	| 'HunYuanDenseV1ForCausalLM'
	| 'Ministral3ForCausalLM'
	| 'GemmaForCausalLM'
	| 'Gemma2ForCausalLM'
	| 'Gemma3ForCausalLM'
	| 'Phi3ForCausalLM'
	| 'OlmoForCausalLM'
	| 'Olmo2ForCausalLM'
	| 'Olmo3ForCausalLM'
	| 'SmolLM3ForCausalLM'
	| 'GraniteForCausalLM'
	| 'GlmForCausalLM'
	| 'Glm4ForCausalLM'
	| 'Starcoder2ForCausalLM'
	| 'StableLmForCausalLM'
	| 'CohereForCausalLM'
	| 'Cohere2ForCausalLM'
	| 'MixtralForCausalLM'
	| 'Qwen3MoeForCausalLM'
	| 'GptOssForCausalLM'
	| 'GPTNeoXForCausalLM'
	| 'GPT2LMHeadModel';

export type Activation = 'silu' | 'gelu' | 'gelu tanh' | 'relu';

/** Parts that a layer is built of, and their order. */
export interface BlockFacts {
	/** RMS norm, or LayerNorm, which takes the mean off as well. */
	norm: 'rms' | 'layer';
	/** True if norms have a weight; without one they only normalise. */
	normWeight: boolean;
	normBias: boolean;
	/** Added to the weights of norms as they are stored. */
	normOffset: 0 | 1;
	/** True if attention and MLP read the state through a norm. */
	normsBefore: boolean;
	/** True if the outputs of attention and MLP go through a norm before they are added to the state. */
	normsAfter: boolean;
	/** True if the MLP reads the state before the layer, not the one after the attention. */
	parallel: boolean;
	/** Of models with norms on q and k: over each head, over all heads together, or over each head once it is rotated. */
	qkNormOver: 'head' | 'all heads' | 'rotated head';
	activation: Activation;
	/** True if the MLP multiplies its widened input by a gate. */
	gated: boolean;
	/** True if rotary pairs are neighbours; else they lie half the rotated width apart. */
	rotaryInterleaved: boolean;
}

/** A layer's experts, each an MLP of its own; a router sends every token through a few of them. */
export interface Experts {
	count: number;
	/** Experts that a token goes through. */
	perToken: number;
	/** Whose scores the softmax goes over that weighs experts: those of all, or of the chosen ones. */
	softmaxOver: 'all' | 'chosen';
	/** True if the weights of the chosen experts are divided by their sum. */
	normalised: boolean;
	/**
	 * gate · σ(slope · gate) · (up + 1), gate at most `limit` and up within ±limit (gpt-oss); null: as in an MLP with a gate.
	 */
	clamped: { slope: number; limit: number } | null;
}

/** Factors and bounds, 1 and null where a model has none. */
export interface Scales {
	/** Of scores, q·k. */
	score: number;
	/** Scores and logits x become cap·tanh(x / cap). */
	scoreCap: number | null;
	logitCap: number | null;
	logit: number;
	embedding: number;
	/** Of what attention and MLP put out. */
	residual: number;
}

/** Attention that layers take from others by the model's own making, per layer, as in a plan. */
export interface SharedAttention {
	/** l itself; a layer before it whose probabilities it reuses; null: it has no attention. */
	sources: readonly (number | null)[];
	/** The source's head for each of a follower's heads; null: heads keep their places. */
	headMaps: readonly (readonly number[] | null)[];
}

/** Quantisation that config.json states; the tensors show which weights are quantised. */
export type Quantisation =
	/** FP8 by block (rows × columns), row or tensor. */
	| { method: 'fp8'; block: readonly [number, number] | null }
	/** Bits of the packed integers in use, and blocks of its FP8. */
	| {
			method: 'compressed-tensors';
			bits: readonly number[];
			block: readonly [number, number] | null;
	  }
	/** `groupSize`: inputs that share a scale; null: all of them. `version` 2: zeros are stored as they are. */
	| { method: 'gptq'; bits: number; groupSize: number | null; symmetric: boolean; version: 1 | 2 }
	| { method: 'awq'; groupSize: number | null }
	| { method: 'modelopt' }
	| { method: 'mxfp4' }
	| { method: 'bitsandbytes' };

/** Facts that the engine needs of a model, under names that are the same for all families. */
export interface ModelConfig {
	/** One of `Architecture`, unless only the PyTorch engine runs the model. */
	architecture: string;
	layers: number;
	hidden: number;
	heads: number;
	kvHeads: number;
	headDim: number;
	/** Width of the MLP, or of all experts of a layer together. */
	intermediate: number;
	/** null: one MLP in each layer. */
	experts: Experts | null;
	/** True if each head has an attention sink, one more score, of no key: its probabilities sum to less than one. */
	sinks: boolean;
	vocab: number;
	maxPositions: number;
	normEps: number;
	block: BlockFacts;
	scales: Scales;
	/** Sets of rotary frequencies; none: the model has no rotary embedding. */
	rotaries: readonly Rotary[];
	/** Per layer, its place in `rotaries`; null: the layer does not rotate. */
	rotaryOf: readonly (number | null)[];
	/** Leading dimensions of a head that rotate. */
	rotaryDims: number;
	/** True if each position has an embedding of its own that is added to the token's. */
	learnedPositions: boolean;
	/** Per layer: how many keys a query sees at most, its own included (sliding window); null: all before it. */
	slidingWindows: (number | null)[];
	/** Bias on the q, k and v projections. */
	qkvBias: boolean;
	/** Bias on the attention's output projection. */
	outputBias: boolean;
	mlpBias: boolean;
	/** Norms on q and on k; see `BlockFacts.qkNormOver`. */
	qkNorm: boolean;
	/** The output embedding is the input embedding. */
	tied: boolean;
	bosId: number | null;
	/** null: every layer computes its own attention. */
	shared: SharedAttention | null;
	/** The dtype config.json announces, e.g. "bfloat16". */
	dtype: string;
	/** null: its weights are plain. */
	quantisation: Quantisation | null;
	/** Reason that the program's own engine does not run it, so that only sizes are known; not there: it does. */
	onlyTorch?: string;
}

/** Format of a quantised weight, by which its values are computed from stored tensors; see `quantised/`. */
export type QuantisedFormat =
	/** A byte a value; blocks of rows × columns share a scale, which is divided by `divisor`. */
	| { kind: 'bytes'; type: 'E4M3' | 'I8'; block: readonly [number, number]; divisor: number }
	/** Integers along the inputs, row by row. */
	| { kind: 'packed'; bits: number }
	/** Integers along the inputs, stored [inputs, outputs]; what is added to stored zeros. */
	| { kind: 'gptq'; bits: number; zeroOffset: 0 | 1 }
	/** 4-bit integers along the outputs. */
	| { kind: 'awq' }
	/** E2M1 in blocks along the inputs; what the scale of the whole weight does. */
	| { kind: 'fp4'; block: number; global: 'none' | 'multiplies' | 'divides' }
	/** Places in a table of 16 values, in blocks along the rows; scales may be places in a table too. */
	| { kind: 'table'; block: number; nestedBlock: number; nestedOffset: number };

/** A weight that is computed from several tensors of the files. */
export interface QuantisedWeight {
	format: QuantisedFormat;
	/** Those tensors, by the part that they play. */
	stored: Readonly<Record<string, TensorEntry>>;
	/** Rows of the weight that is stored, and the first of those that are this weight. */
	rows: number;
	firstRow: number;
	/** From each of its rows to the next in what is stored. */
	rowStep: number;
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
	/** Of a weight that lies within a larger tensor: that one's name. */
	of?: string;
	/** Of a weight that is computed from several tensors: how. Its offset says nothing then. */
	quantised?: QuantisedWeight;
	/** Of a weight in several pieces, one below the other or side by side: those. Its offset says nothing then. */
	pieces?: { entries: readonly TensorEntry[]; join: 'rows' | 'columns' };
	/** Of a weight that lies scattered within a larger tensor, whose bytes these are: which of them it is. */
	pick?: TensorPick;
}

/** A weight within a larger tensor. */
export type TensorPick =
	/** One of `parts` equal runs of rows in each of `groups`, the groups one below the other. */
	| { kind: 'rows of groups'; groups: number; parts: number; part: number }
	/** Columns `first`, `first + step` … of a matrix [inputs, total], stored the other way round. */
	| { kind: 'columns'; total: number; first: number; step: number }
	/** Elements `first`, `first + step` … of a vector. */
	| { kind: 'elements'; first: number; step: number };

/** A checkpoint whose headers were read and checked against its config; no weights are in memory. */
export interface Checkpoint {
	/** Absolute path. */
	folder: string;
	/** Short name for people: the folder's name, or org/name from the Hugging Face cache. */
	name: string;
	config: ModelConfig;
	/** Every tensor of every shard by its name in transformers, those the engine does not use included. */
	tensors: ReadonlyMap<string, TensorEntry>;
	/** Weights that the engine reads out of larger tensors, or computes from several, by the names that they would have alone. */
	parts: ReadonlyMap<string, TensorEntry>;
	/** Bytes of all tensors. */
	bytes: number;
	/** Elements of all tensors of weights. */
	parameters: number;
	/** Differences from what config.json lets one expect; one line each. */
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
	/** `cache` is Hugging Face's; Ollama and llama.cpp have their own. */
	origin: 'bundled' | 'folder' | 'cache' | 'ollama' | 'llama.cpp';
	/** null where config.json or the graph could not be understood. */
	facts: ModelFacts | null;
	/** Of an ONNX model that was written with a plan; null: of any other. */
	planned: AttendingLayers | null;
	/** Reason that it cannot be used; null: it can. */
	problem: string | null;
}

/** Number of layers of a model, and of those that compute their own attention. */
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
	/** Weights of the norms on q and k of a layer, where they are not one head's each: OLMo 2 and 3. */
	qkNormWeights?: number;
	/** Reason that PyTorch alone runs it: `architecture is "OPTForCausalLM"`; not there: the program's own engine does. */
	onlyTorch?: string;
	parameters: number;
	/** Bytes of the weights on disk. */
	bytes: number;
	dtype: string;
}
