import type { About } from '../kind.ts';
import type { Question } from '../choices/types.ts';
import type { TorchSettings } from '../../engine/torchSettings.ts';
import type { MadeBy } from '../torchFlags.ts';
import type { ModelFigures } from '../figures.ts';
import type { SavingAxis } from '../../plan/axes.ts';
import type { Plan, Sources } from '../../plan/types.ts';
import type { ResampledOver } from '../../statistics/resample.ts';
import type { Document } from '../../model/tokens/types.ts';

/** Goal of a search, which its plan has to reach. */
export type SearchGoal =
	/** KV cache saved by this many followers. */
	| { kind: 'followers'; followers: number }
	/** At least this fraction, 0 to 1, of what the axis counts. */
	| { kind: 'save'; axis: SavingAxis; share: number }
	/** The most of the KV cache for at most so many nats/token. */
	| { kind: 'loss'; maxLossIncrease: number };

/**
 * The text is split into three parts: plans are made on `search`, chosen between on `choose`, and, once they are frozen,
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
	/** Layers that are neither follower nor source, nor dropped. */
	protectedLayers: number[];
	goal: SearchGoal;
	/** True if output projections are refitted as well. */
	repair: boolean;
	/** True if in-context recall is measured too, and kept by the plan; undefined: true. */
	recall?: boolean;
	/** Tokens of a recall probe, BOS left out; undefined: 512. */
	recallTokens?: number;
	/** The most that the plan may add to the loss on a passage that comes again, nats/token; undefined: the default. */
	maxRecallIncrease?: number;
	/** Multiple-choice questions, every other one to choose by; undefined or null: none. */
	questions?: Question[] | null;
	/** The most accuracy on them that the plan may lose, a fraction; undefined or null: the default. */
	maxAccuracyDrop?: number | null;
	/** Random plans that the plan is compared with. */
	randomPlans: number;
	/** Measure only so many spans, those with the least drop damage × output error; null: all. */
	shortlist: number | null;
	/** True if every drop, span, step and random plan is measured on all windows; undefined: false, they race. */
	exhaustive?: boolean;
	/** The PyTorch engine; null or undefined: onnxruntime. */
	torch?: TorchSettings | null;
	memoryLimitBytes: number | null;
	/** The workspace. */
	home: string;
}

/** Nats/token that a plan adds, with its 95% bootstrap interval; null bounds: a single window. */
export interface PartLoss {
	loss: number;
	low: number | null;
	high: number | null;
}

/** Parts that questions are asked in. */
export type TaskPart = Exclude<Part, 'search'>;

/** The fraction of questions that a plan loses, with its 95% interval over groups, then questions. */
export interface AccuracyDrop {
	value: number;
	low: number | null;
	high: number | null;
}

/** Kind of a plan: its layers share, are dropped, or both; 'none': neither. */
export type PlanKind = 'share' | 'drop' | 'mixed' | 'none';

/** Ways of making a plan. All but the choosable ones (see `CHOOSABLE`) are rivals. */
export const PLANNERS = [
	/** Exact dynamic programming over measured damage: followers only, dropped layers only, both. */
	'share',
	'drop',
	'mixed',
	/** The same over both damages, of text and of recall: the plan that keeps recall within its limit. */
	'share-recall',
	'drop-recall',
	'mixed-recall',
	/** Step by step, the whole plan measured again after each: followers only; both. */
	'greedy-share',
	'greedy',
	/** The share plan with each follower's heads on the most alike of their source's. */
	'share-matched',
	'similarity',
	'least-similar',
	'uniform',
	'trailing',
	/** Drops the layers whose attention turns the state least, as LLM-Drop does. */
	'llm-drop',
	/** The same one layer at a time, measured again after each. */
	'llm-drop-steps'
] as const;
export type Planner = (typeof PLANNERS)[number];

export interface PlanFigures {
	/** The planner, and " repaired" where output projections were refitted. */
	name: string;
	maker: Planner;
	repaired: boolean;
	kind: PlanKind;
	sources: Sources;
	/** Fraction of the whole that is saved on each axis; predicted, by counting. */
	savings: Record<SavingAxis, number>;
	/** Sum of the damage of its spans and dropped layers, each measured by itself on `search`; null: not all were. */
	sumOfParts: number | null;
	/** Measured on `search` − sumOfParts; null: no sum, or a plan whose output projections were refitted. */
	additivityError: number | null;
	/** In-sample for every plan that was made from damage measured there. */
	search: PartLoss;
	/** In-sample for the chosen plan, and for the strength of a repair. */
	choose: PartLoss;
	/** Read once, after every plan was frozen. */
	report: PartLoss;
	/** `report` less the proposed plan's, paired by window; not there of that plan, nor in searches of earlier versions. */
	difference?: PartLoss;
	/**
	 * `report` less that of the plan that it was made from, paired by window: the same before repair, or with heads in their
	 * places; not there of other plans, nor in searches of earlier versions.
	 */
	madeFrom?: { plan: string; difference: PartLoss };
	/** Loss increase on a passage that comes again; not there where recall was not measured. */
	recall?: Pick<Record<Part, PartLoss>, 'choose' | 'report'>;
	/**
	 * Accuracy lost on the user's questions, paired with the baseline by question; not there where none were asked.
	 * `choose` is there only for plans that were asked the questions to choose by.
	 */
	accuracy?: { choose?: AccuracyDrop; report: AccuracyDrop };
	/** Plan file; a repaired one names its refitted weights. */
	plan: Plan;
}

/** A plan that no other beats in saving and in loss together. */
export interface FrontPoint {
	/** Changes that were allowed: followers, dropped layers or both. */
	kind: 'share' | 'drop' | 'mixed';
	sources: Sources;
	savings: Record<SavingAxis, number>;
	sumOfParts: number;
	report: PartLoss;
	/** Weight of recall damage beside text damage under which no other plan beats it; not there: 0, text alone. */
	weight?: number;
	/** Loss increase on a passage that comes again; null: not of every part it was measured by itself. */
	recall?: { sumOfParts: number | null; report: PartLoss };
	/** Accuracy lost on the user's questions; not there where none were asked. */
	accuracy?: { report: AccuracyDrop };
}

/** A span by the shortlist and as measured on `search`. */
export interface ShortlistedSpan {
	source: number;
	last: number;
	/** Σ over followers of drop damage × (1 − output). */
	cheap: number;
	/** Nats/token; null: not measured. */
	measured: number | null;
	/** Windows that it is the mean of; not there: it was not measured. */
	windows?: number;
	/** Recall that it costs on probes of `search`, nats/token; null: not measured. */
	recall?: number | null;
}

export interface SearchReport {
	verdict: {
		kind: 'share' | 'drop' | 'mixed' | 'neither';
		/** Name of the plan with the lowest loss on `choose` among the choosable ones; null where there is none. */
		plan: string | null;
		sentence: string;
	};
	goal: SearchGoal;
	/** Saving at which plans are compared: at least `share` of `axis`. */
	target: { axis: SavingAxis; share: number };
	plans: PlanFigures[];
	/** As many layers follow and are dropped as in the chosen plan, placed at random; losses on `report`. */
	random: {
		plans: { sources: Sources; report: number }[];
		/** Fraction of them, 0 to 1, that cost more than the chosen plan before any repair, for they have none; null: there are none. */
		beaten: number | null;
	};
	front: FrontPoint[];
	shortlist: {
		spans: ShortlistedSpan[];
		/** Spearman's rank correlation of cheap and measured over all spans; null: fewer than three. */
		rho: number | null;
	};
	baseline: Record<Part, ModelFigures>;
	/** Unit resampled for the intervals of each part. */
	interval: Record<Part, ResampledOver | null>;
	/** Windows of each part, and the documents that they are of. */
	parts: Record<Part, { windows: number; documents: number[] }>;
	/** In-context recall; not there where it was not measured. */
	recall?: SearchedRecall;
	/** The user's questions; not there where none were asked. */
	tasks?: SearchedTasks;
	/** Saving of the proposed plan on each axis, and the kind of plan that saves as much at the least loss. */
	axes?: AxisComparison[];
	/** Plans whose loss on the report part cannot be told from the proposed plan's. */
	ties?: Tie[];
	/** Stability of the proposed plan over bootstrap resamples of the search part. */
	stability?: Stability;
	/** Race in which not all drops and spans were measured on all windows; not there: all were. */
	race?: RaceReport;
	/** By layer, mean of 1 − cos(x, x + Attn(x)) over the tokens of the search part; earlier versions kept none. */
	importance?: number[];
	/** Steps left undone, and why: "no share plan saves 60% of the KV cache", … */
	notes: string[];
}

/** Measuring single drops and spans in rounds, in which those leave that can be part of no cheapest plan any more. */
export interface RaceReport {
	/** Dropped layers and spans. */
	cases: number;
	/** Longer spans that were not measured at all: their beginnings cost too much already. */
	unmeasured: number;
	/** Windows that a round has seen, cases that it measured, and how many of them left after it. */
	rounds: { windows: number; measured: number; dropped: number }[];
	/** [L]: windows that each dropped layer was measured on; 0: protected. */
	drop: number[];
}

/** Findings of a search on in-context recall. */
export interface SearchedRecall {
	/** The most that the plan may add, nats/token. */
	limit: number;
	/** Of the baseline: loss on a passage that comes again. */
	baseline: Record<Part, number>;
	/** Probes of each part. */
	probes: Record<Part, number>;
	interval: Record<Part, ResampledOver | null>;
	/** The plan that text alone would have chosen, and what it does on the report part. */
	textOnly: { plan: string; sources: Sources; report: PartLoss; recall: PartLoss } | null;
	/** Per layer, dropped: what recall loses on the search part; null: protected. */
	drop: (number | null)[];
}

/** Findings of a search on the user's questions. Accuracies are fractions, by summed log-likelihood. */
export interface SearchedTasks {
	/** The most that the plan may lose. */
	limit: number;
	questions: Record<TaskPart, number>;
	baseline: Record<TaskPart, number>;
	interval: Record<TaskPart, ResampledOver | null>;
	/** The plan that would have been chosen without the limit, and what it loses on the report part; null: the same one. */
	without: { plan: string; sources: Sources; report: PartLoss; drop: AccuracyDrop } | null;
}

/** Plans of each kind that save at least what the proposed plan saves on an axis, measured on the report part. */
export interface AxisComparison {
	axis: SavingAxis;
	/** Fraction of the axis that the proposed plan saves. */
	share: number;
	plans: { kind: PlanKind; sources: Sources; report: PartLoss; recall?: PartLoss }[];
	/** The kind that adds least loss; null: the best two are tied, or there is none. */
	winner: PlanKind | null;
}

/** A plan that the report part does not tell from the proposed one. */
export interface Tie {
	/** Its name. */
	plan: string;
	/** Its loss less the proposed plan's, paired by window. */
	difference: PartLoss;
	/** True if it is simpler than the proposed plan. */
	simpler: boolean;
}

/** Fractions of bootstrap resamples of the search part, of each of which the plan was made again. */
export interface Stability {
	resamples: number;
	/** Per layer: of those in which it follows or is dropped. */
	layers: number[];
	/** Of those that give exactly this plan. */
	same: number;
}

/** A report and what it is about. */
export interface Search extends MadeBy, Omit<About, 'windows'> {
	report: SearchReport;
	/** Settings of the search, beside goal, texts and windows; earlier versions stored none. */
	settings?: Pick<SearchRequest, 'maxSpan' | 'protectedLayers' | 'repair'> &
		Partial<Pick<SearchRequest, 'recall' | 'maxRecallIncrease' | 'maxAccuracyDrop'>>;
	notes: string[];
	seconds: number;
}
