import type { ModelFigures } from '../figures.ts';
import type { SavingAxis } from '../../plan/axes.ts';
import type { Plan, Sources } from '../../plan/types.ts';
import type { ResampledOver } from '../../statistics/resample.ts';
import type { Document } from '../../model/tokens/types.ts';

/** What is wanted of a plan. */
export type SearchGoal =
	/** What this many followers save of the KV cache. */
	| { kind: 'followers'; followers: number }
	/** At least this share, 0 to 1, of what the axis counts. */
	| { kind: 'save'; axis: SavingAxis; share: number }
	/** The most of the KV cache for at most so many nats a token. */
	| { kind: 'loss'; maxLossIncrease: number };

/**
 * The text goes three ways: plans are made on `search`, chosen between on `choose`, and, once they are frozen,
 * measured on `report`.
 */
export const PARTS = ['search', 'choose', 'report'] as const;
export type Part = (typeof PARTS)[number];

export interface SearchRequest {
	/** Folder of the checkpoint. */
	modelFolder: string;
	documents: Document[];
	/** Tokens in a window, BOS included. */
	context: number;
	/** Windows of each part. */
	windows: number;
	/** Layers of the longest span, source included; at least 2. */
	maxSpan: number;
	/** Layers that are neither follower nor source, nor left out. */
	protectedLayers: number[];
	goal: SearchGoal;
	/** Whether output projections are refitted as well. */
	repair: boolean;
	/** Random plans that the plan is compared with. */
	randomPlans: number;
	/** Measure only so many spans, those with the least drop damage × output error; null: all. */
	shortlist: number | null;
	memoryLimitBytes: number | null;
	/** The workspace. */
	home: string;
}

/** Nats a token that a plan adds, with its 95% bootstrap interval; null bounds: a single window. */
export interface PartLoss {
	loss: number;
	low: number | null;
	high: number | null;
}

/** What a plan does: its layers share, are left out, or both; 'none': neither. */
export type PlanKind = 'share' | 'drop' | 'mixed' | 'none';

/** How a plan came about. All but the planners are rivals. */
export const PLAN_MAKERS = [
	/** Exact dynamic programming over measured damage: followers only, left-out layers only, both. */
	'share',
	'drop',
	'mixed',
	/** Step by step, the whole plan measured again after each: followers only; both. */
	'greedy-share',
	'greedy',
	/** The share plan with each follower's heads on the most alike of their source's. */
	'share-matched',
	'similarity',
	'least-similar',
	'uniform',
	'trailing'
] as const;
export type PlanMaker = (typeof PLAN_MAKERS)[number];

export interface PlanFigures {
	/** The maker, and " repaired" where output projections were refitted. */
	name: string;
	maker: PlanMaker;
	repaired: boolean;
	kind: PlanKind;
	sources: Sources;
	/** Share of the whole that is saved on each axis; predicted, by counting. */
	savings: Record<SavingAxis, number>;
	/** Sum of the damage of its spans and left-out layers, each measured by itself on `search`; null: not all were. */
	sumOfParts: number | null;
	/** Measured on `search` − sumOfParts; null: no sum, or a plan whose output projections were refitted. */
	additivityError: number | null;
	/** In-sample for every plan that was made from damage measured there. */
	search: PartLoss;
	/** In-sample for the chosen plan, and for the strength of a repair. */
	choose: PartLoss;
	/** Read once, after every plan was frozen. */
	report: PartLoss;
	/** Plan file; a repaired one names its refitted weights. */
	plan: Plan;
}

/** A plan that no other beats in saving and in loss together. */
export interface FrontPoint {
	/** Which decisions were allowed. */
	kind: 'share' | 'drop' | 'mixed';
	sources: Sources;
	savings: Record<SavingAxis, number>;
	sumOfParts: number;
	choose: PartLoss;
	report: PartLoss;
}

/** A span by the shortlist and as measured on `search`. */
export interface ShortlistedSpan {
	source: number;
	last: number;
	/** Σ over followers of drop damage × (1 − output). */
	cheap: number;
	/** Nats a token; null: not measured. */
	measured: number | null;
}

export interface SearchReport {
	verdict: {
		kind: 'share' | 'drop' | 'mixed' | 'neither';
		/** Name of the plan with the lowest loss on `choose` among the planners'; null where there is none. */
		plan: string | null;
		sentence: string;
	};
	goal: SearchGoal;
	/** What plans are compared at: at least `share` of `axis`. */
	target: { axis: SavingAxis; share: number };
	plans: PlanFigures[];
	/** As many layers follow and are left out as in the chosen plan, placed at random; losses on `report`. */
	random: {
		plans: { sources: Sources; report: number }[];
		/** Share of them, 0 to 1, that cost more than the chosen plan before any repair, for they have none; null: there are none. */
		beaten: number | null;
	};
	front: FrontPoint[];
	shortlist: {
		spans: ShortlistedSpan[];
		/** Spearman's rank correlation of cheap and measured over all spans; null: fewer than three. */
		rho: number | null;
	};
	baseline: Record<Part, ModelFigures>;
	/** What the intervals of each part are drawn over. */
	interval: Record<Part, ResampledOver | null>;
	/** Windows of each part, and the documents that they are of. */
	parts: Record<Part, { windows: number; documents: number[] }>;
	/** What was left undone and why: "no share plan saves 60% of the KV cache", … */
	notes: string[];
}

/** A report and what it is about. */
export interface Search {
	report: SearchReport;
	model: { name: string; hash: string; tokenizerHash?: string };
	texts: { name: string; sha256: string; characters: number }[];
	context: number;
	/** What it was asked for with, beside goal, texts and windows; earlier versions did not say. */
	settings?: Pick<SearchRequest, 'maxSpan' | 'protectedLayers' | 'repair'>;
	notes: string[];
	seconds: number;
}
