import type { ResampledOver } from '../../statistics/resample.ts';

/** A question with several continuations of one prompt, of which one is right. */
export interface Question {
	prompt: string;
	choices: string[];
	/** Index of the right choice. */
	answer: number;
	/** Text that it was taken from, such as a book: questions of one group are drawn together. null: unknown. */
	group: string | null;
}

/**
 * Scores that the choice is picked by: the summed log-likelihood (acc); the same per character of the choice (acc_norm,
 * as the stock tasks of lm-evaluation-harness have it, which do not count the space between prompt and choice); per
 * character with that space (acc_norm_space); or per UTF-8 byte without it (acc_bytes).
 */
export const SCORES = ['acc', 'acc_norm', 'acc_norm_space', 'acc_bytes'] as const;
export type Score = (typeof SCORES)[number];

/** Per question, the summed natural log-likelihood of each choice given the prompt. */
export type LogLikelihoods = number[][];

/** McNemar's exact test on questions that only one of the two models answers rightly. */
export interface McNemar {
	onlyBaseline: number;
	onlyShared: number;
	/** Two-sided. */
	p: number;
}

/** Both models on the questions. Accuracies are fractions from 0 to 1. */
export interface ChoicesReport {
	questions: number;
	baseline: Record<Score, number>;
	shared: Record<Score, number>;
	/** Shared − baseline, paired by question, with 95% intervals over groups, then questions. */
	delta: Record<Score, { value: number; low: number | null; high: number | null }>;
	/** Units that were resampled; 'blocks' of neighbouring questions where there is one group. */
	over: ResampledOver | null;
	mcnemar: Record<Score, McNemar>;
}
