import type { Reporter } from '../analyze/reporter.ts';
import type { WeightSource } from '../capture/weights.ts';
import type { Candidate, MadePlan } from './candidate.ts';
import type { Meter } from './meter.ts';
import type { PreparedSearch } from './prepare.ts';

/** Refitted weights, as the file that a plan names. */
export interface Refit {
	/** A bare file name. */
	file: string;
	bytes: Uint8Array;
}

/** A plan whose output projections were refitted. */
export interface RepairedPlan {
	candidate: Candidate;
	refit: Refit;
}

interface Means {
	prepared: PreparedSearch;
	weights: WeightSource;
	meter: Meter;
	reporter: Reporter;
}

/** No plan is refitted yet. */
export function repairPlans(_made: readonly MadePlan[], _means: Means): Promise<RepairedPlan[]> {
	return Promise.resolve([]);
}
