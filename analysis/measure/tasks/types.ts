import type { ResampledOver } from '../../statistics/resample.ts';

/** A metric of one question is one number: 1 for right and 0 for wrong, or a score. */
export interface Sample {
	/** Hashes of document, prompt and target, and the filter: equal in two runs that asked the same. */
	key: string;
	document: string;
	filter: string;
	metrics: Readonly<Record<string, number>>;
}

/** The samples of one task of one run of lm-evaluation-harness. */
export interface TaskSamples {
	task: string;
	samples: Sample[];
}

/** One metric of one task in both runs, on the questions that both asked. */
export interface PairedTask {
	task: string;
	filter: string;
	metric: string;
	questions: number;
	/** Means. */
	a: number;
	b: number;
	/** B − A, paired by question, with its 95% interval; null bounds: a single question. */
	delta: { value: number; low: number | null; high: number | null };
	/** Questions that one run alone has right, and McNemar's exact test; null: the metric is no yes or no. */
	mcnemar: { onlyA: number; onlyB: number; p: number } | null;
}

/** Two runs compared. */
export interface Tasks {
	/** Names of the runs, from their folders. */
	a: string;
	b: string;
	rows: PairedTask[];
	over: ResampledOver | null;
	/** Questions of either run that the other did not ask. */
	unpaired: { a: number; b: number };
	/** The model that the runs are of, where it was named; else run A. */
	model: { name: string; hash: string };
	notes: string[];
}
