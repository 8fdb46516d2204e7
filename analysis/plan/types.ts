import type { Metric, View } from '../similarity/types.ts';

/** Length L: l computes its own; s < l reuses layer s; null leaves the layer's attention out. */
export type Sources = (number | null)[];

export type HeadMap = 'identity' | number[][];

/** A source and the contiguous layers after it that reuse its attention weights. */
export interface Span {
	source: number;
	/** source + 1, source + 2, … */
	followers: number[];
	headMap: HeadMap;
	/** Mean similarity of the followers to their source; null where it was not measured. */
	score: number | null;
}

/** Limits of a search over spans. */
export interface SpanLimits {
	/** Layers in a span at most, source included. */
	maxSpan: number;
	/** Layers that are neither follower nor source. */
	protectedLayers: readonly number[];
	/** Sliding window of each layer; null: none. A span never joins layers whose windows differ. */
	slidingWindows: readonly (number | null)[];
}

/** Origin of a similarity figure, complete enough to make it again. */
export interface Definition {
	metric: Metric;
	view: View;
	/** Rule for the heads that are compared: "each head with the same head", … */
	headPolicy: string;
	texts: { name: string; sha256: string; characters: number }[];
	context: number;
	windows: number;
	tokens: number;
	modelHash: string;
	/** SHA-256 of tokenizer.json; figures of earlier versions have none. */
	tokenizerHash?: string;
	version: string;
}

/** Savings for one context, batch and dtype; formulas of design section 4. All are predictions. */
export interface Savings {
	context: number;
	batch: number;
	/** Bytes an element. */
	elementBytes: number;
	followers: number;
	/** Layers whose whole attention block is dropped. */
	leftOut: number;
	/** K of followers and dropped layers; `shareOfKv` is what is saved of K and V together. */
	kCache: { bytes: number; bytesPerToken: number; shareOfK: number; shareOfKv: number };
	/** V of dropped layers; followers keep theirs. */
	vCache: { bytes: number; bytesPerToken: number };
	parameters: { count: number; share: number };
	prefill: { flops: number; share: number; keptBytes: number };
	decode: { bytes: number; readBytes: number; share: number };
}

/** File of the weights that make up for what a plan takes away. */
export interface PlanRepair {
	/** A safetensors file beside the plan: a bare file name. */
	file: string;
	/** Of the file's bytes, lower-case hex. */
	sha256: string;
	/** Of the ridge penalty, in means of the diagonal of ZᵀZ. */
	strength: number;
}

/** plan.json, version 1. */
export interface Plan {
	format: 'spanwise/plan';
	version: 1;
	kind: 'attention-weights';
	model: {
		name: string;
		architecture: string;
		layers: number;
		heads: number;
		kvHeads: number;
		hash: string;
	};
	sources: Sources;
	spans: Span[];
	definition: Definition | null;
	predicted: Savings | null;
	measured: Record<string, unknown> | null;
	/** null: the weights that are left are those of the checkpoint. */
	repair: PlanRepair | null;
	createdBy: { name: 'spanwise'; version: string };
	createdAt: string;
}
