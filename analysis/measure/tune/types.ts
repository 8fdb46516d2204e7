import type { About } from '../kind.ts';
import type { Question } from '../choices/types.ts';
import type { Document } from '../../model/tokens/types.ts';
import type { Sources } from '../../plan/types.ts';
import type { ResampledOver } from '../../statistics/resample.ts';
import type { TuneSettings } from './settings.ts';

/** Models that are tuned alike: the plan, the untouched model, and a plan that drops attention at equal savings. */
export const ARMS = ['planned', 'control', 'rival'] as const;
export type Arm = (typeof ARMS)[number];

/** A plan, a model and texts. */
export interface TuneRequest extends TuneSettings {
	documents: Document[];
	/** Multiple-choice questions; null: none are asked. */
	questions: Question[] | null;
	/** Folder of the refitted weights that the plan names. */
	planFolder: string;
	memoryLimitBytes: number | null;
	home: string;
	/** The folder of the tuned model: new or empty. */
	out: string;
	/** The command that tunes the same again. */
	command: string;
}

/** Figures after some steps, on held-out text that decides when to stop. */
export interface Look {
	step: number;
	/** Mean objective of the steps since the last look, nats/token; null: before the first step. */
	objective: number | null;
	loss: number;
	/** null: the text is too short for probes. */
	recall: number | null;
}

/** Means over held-out windows and probes that decided nothing, nats/token. */
export interface HeldOut {
	loss: number;
	recall: number | null;
	/** Fraction of the questions answered rightly; not there where none were asked. */
	accuracy?: number;
}

/** One model, before and after tuning. */
export interface TunedArm {
	arm: Arm;
	sources: Sources;
	before: HeldOut;
	after: HeldOut;
	/** Steps taken, and the one whose weights were kept. */
	steps: number;
	best: number;
	looks: Look[];
}

/** A difference of two models, paired by window or probe, with its 95% interval; null bounds: a single one. */
export interface Paired {
	loss: number;
	low: number | null;
	high: number | null;
}

/** Difference in accuracy, paired by question, a fraction; `only` counts what one of the two answers rightly. */
export interface PairedAccuracy {
	value: number;
	low: number | null;
	high: number | null;
	onlyFirst: number;
	onlySecond: number;
	/** McNemar's exact test, two-sided. */
	p: number;
}

/** Difference between two models: that of one arm minus that of another, or minus the untouched model. */
export interface TuneComparison {
	/** "planned, tuned − baseline" */
	words: string;
	key:
		| 'before'
		| 'after'
		| 'control'
		| 'againstControl'
		| 'rivalBefore'
		| 'rivalAfter'
		| 'againstRival';
	text: Paired;
	recall: Paired | null;
	/** On the questions; not there where none were asked. */
	accuracy?: PairedAccuracy;
}

/** Output of `spanwise tune --json`. */
export interface TuneReport {
	arms: TunedArm[];
	comparisons: TuneComparison[];
	over: ResampledOver | null;
	/** Held-out windows and probes. */
	windows: number;
	probes: number;
	/** Questions, and the units that were resampled for their intervals; not there where none were asked. */
	questions?: { asked: number; over: ResampledOver | null };
	/** Windows that were trained on, and those that decided when to stop. */
	trainWindows: number;
	stopWindows: number;
	settings: Omit<TuneSettings, 'plan' | 'learningRate'> & { learningRate: number };
}

/** A report and what it is about. */
export interface Tune extends Omit<About, 'windows'> {
	report: TuneReport;
	/** The folder of the tuned model. */
	folder: string;
	notes: string[];
	/** The plan was made for other weights; null: for these. */
	warning: string | null;
	seconds: number;
}
