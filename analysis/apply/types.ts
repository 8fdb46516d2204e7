import type { DecoderDtype } from '../graph/decode/weights.ts';
import type { RoundedWeights } from './roundWeights.ts';
import type { Plan } from '../plan/types.ts';

export const DEPLOY_TARGETS = ['onnx', 'transformers', 'gguf'] as const;
export type DeployTarget = (typeof DEPLOY_TARGETS)[number];

/** Settings for writing a model, with a plan applied or as it is. */
export interface DeployRequest {
	/** null: none, the baseline. */
	plan: Plan | null;
	/** Folder of the plan, and of the refitted weights that it may name. */
	planFolder: string;
	target: DeployTarget;
	/** Element type of weights, activations and cache; null: as stored, which checkpoints always are. */
	dtype: DecoderDtype | null;
	/** To what the weights of products are rounded, onnx only; not there: they are of `dtype`. */
	weights?: RoundedWeights | null;
	/** The folder to be written: new or empty. */
	out: string;
	/** True if the written model is run and compared with the engine. */
	verify: boolean;
	/** The workspace: remembered model hashes live there. */
	home: string;
	/** The command that writes it again, for the card of what is written for transformers. */
	command?: string;
}

/** Differences between the written model and the engine's own run of the original as planned, on one window. */
export interface Verification {
	/** Tokens in the window. */
	tokens: number;
	/** Largest difference of a logit, and the most that is allowed. */
	difference: number;
	tolerance: number;
	/** The same between a window read at once and token by token through the cache; null: no cache. */
	cachedDifference: number | null;
	/** Most that is allowed of it, where that is more than `tolerance`. */
	cachedTolerance?: number;
	/**
	 * Of an ONNX model that rounds its activations to 8 bits: how far the model it was made from is from itself when it
	 * reads through its cache. Twice that is allowed.
	 */
	ownDifference?: number;
	/** Largest logit's size: what differences are to be seen against. */
	largestLogit: number;
}

/** The same differences, found by transformers itself in a folder that was written for it. */
export interface TransformersVerification extends Verification {
	/** Version of transformers. */
	version: string;
}

/** Effect of rounding the weights on one window; losses in nats/token. */
export interface Rounding {
	tokens: number;
	/** As planned in float32, and as written. */
	loss: number;
	roundedLoss: number;
	/** Largest difference of a logit between the two. */
	difference: number;
	/** The same between a window read at once and token by token through the cache, as written. */
	cachedDifference: number;
}

/** A file that was written. */
export interface WrittenFile {
	/** Relative to the folder. */
	name: string;
	bytes: number;
	/** Of its bytes, lower-case hex. */
	sha256: string;
}

/**
 * Side on which the shorter prompts of a batch may be padded. GroupQueryAttention goes by lengths and allows only the
 * right; `as exported`: the side that the original ONNX model allows.
 */
export type Padding = 'right' | 'either' | 'as exported';

/** `spanwise.json` beside a model that was written: where it comes from. */
export interface DeployRecord {
	format: 'spanwise/model';
	version: 1;
	model: { name: string; architecture: string; layers: number; hash: string };
	target: DeployTarget;
	/** null: as stored. */
	dtype: DecoderDtype | null;
	/** To what the weights of products were rounded; not there: they are of `dtype`. */
	weights?: RoundedWeights;
	plan: Plan | null;
	/** Layers that have keys in the cache, and layers that have values: [kvHeads, headDim] a token each. */
	cache: { keys: number[]; values: number[] };
	/** null: no ONNX model. */
	padding: Padding | null;
	files: WrittenFile[];
	/** null: not asked for. */
	verified: Verification | null;
	/** Of the decoder that was written, whose weights were rounded after `verified`; not there: they were not, or not asked for. */
	rounding?: Rounding;
	/** Loaded and run by transformers; null: not asked for, no Python that has it, or another target. */
	transformers: TransformersVerification | null;
	createdBy: { name: 'spanwise'; version: string };
	createdAt: string;
}
