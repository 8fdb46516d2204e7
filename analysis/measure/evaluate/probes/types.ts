import type { Asked } from '../../../engine/asked.ts';
import type { ResampledOver } from '../../../statistics/resample.ts';
import type { McNemar } from '../../choices/types.ts';
import type { Estimated } from '../gates.ts';

/**
 * Tasks of long in-context probes. 'key-value': which value stood behind a key of a long list. 'labels': which label
 * lines with a certain word had before, as in classification with many examples in the context.
 */
export const PROBE_TASKS = ['key-value', 'labels'] as const;
export type ProbeTask = (typeof PROBE_TASKS)[number];

/** A sequence made from a seed; of every question the first candidate is the right answer. */
export interface ProbeSequence extends Asked {
	task: ProbeTask;
	ids: number[];
}

/** The sequences of one task and length. */
export interface ProbeSet {
	task: ProbeTask;
	/** Tokens of each sequence, BOS included. */
	tokens: number;
	sequences: ProbeSequence[];
}

/** Figures of one model on the questions of one task and length. */
export interface ProbeFigures {
	/** Fraction of questions whose right answer is likelier than every other candidate. */
	accuracy: number;
	/** Mean of −ln of the right answer's probability among the candidates. */
	nats: number;
}

/** Both models on one task at one length. */
export interface ProbeReport {
	task: ProbeTask;
	tokens: number;
	sequences: number;
	questions: number;
	/** Accuracy of guessing. */
	chance: number;
	baseline: ProbeFigures;
	planned: ProbeFigures;
	/** Planned − baseline, paired by question, with 95% intervals over sequences, then questions. */
	delta: Record<keyof ProbeFigures, Estimated>;
	over: ResampledOver | null;
	mcnemar: McNemar;
}
