import type { MemoryPlan } from '../../engine/memory.ts';
import type { AttentionSource } from '../../engine/source.ts';
import type { TokenComparison } from '../../engine/comparison.ts';
import type { LayerRepairs } from '../../engine/repair/repairs.ts';
import type { Model } from '../../model/open.ts';
import type { Plan } from '../../plan/types.ts';
import { checkpointEvaluation } from './checkpointSource.ts';
import { onnxEvaluation } from './onnxSource.ts';
import type { Cost } from './types.ts';

/** The model as it is, or as planned. */
export type Way = 'baseline' | 'shared';

/** Time that a window took one way; what counts is in `Cost.measured.timed`. */
export interface WindowTime {
	seconds: number;
	/** Of all threads together. */
	cpuSeconds: number;
}

/** Told while windows run: a share, 0 to 1, of what the window at an index takes was done, and after which layer. */
export type OnPart = (window: number, share: number, layer: number | null) => void;

/** A model as it is and as planned, run on windows of one length. */
export interface BothWays {
	/** Runs windows one way; what comes out is kept until others are run that way. The time of each. */
	run(
		way: Way,
		windows: readonly (readonly number[])[],
		onPart: OnPart
	): Promise<readonly WindowTime[]>;
	/** What both say of the tokens after the first of windows that were run both ways just now. */
	compare(windows: readonly (readonly number[])[]): Promise<readonly TokenComparison[]>;
	release(): Promise<void>;
}

/** What a window costs, in the unit of analyze/work.ts. */
export interface EvaluationWork {
	/** Run one way. */
	way: number;
	/** Compared. */
	comparison: number;
}

/** How windows will be run. */
export interface EvaluationOutlook {
	memory: MemoryPlan;
	work: EvaluationWork;
	/** Makes ready to run; `home` is the workspace, where hashes are remembered. */
	start(home: string): Promise<EvaluationRunner>;
}

export interface EvaluationRunner {
	ofLength(context: number): Promise<BothWays>;
	release(): Promise<void>;
}

/** A model with a plan that can be evaluated: a checkpoint run layer by layer, or an ONNX model run whole. */
export interface EvaluationSource extends Omit<AttentionSource, 'outlook'> {
	timed: NonNullable<Cost['measured']['timed']>;
	/** Tokens that the model takes at once where it takes no other number; null: any. */
	fixedContext: number | null;
	/**
	 * Lays windows of `context` tokens and, for questions, of up to `longest` out so that they stay under the limit;
	 * `windowCount` of either are run one after another. Throws InputError where not even one fits.
	 */
	outlook(wanted: {
		context: number;
		longest: number;
		windowCount: number;
		limitBytes: number;
	}): EvaluationOutlook;
}

/**
 * How a model is run both ways, after the plan was found to be one for it. Throws InputError that says what is wrong
 * with either.
 */
export function evaluationSource(
	model: Model,
	plan: Plan,
	repairs: LayerRepairs | null
): EvaluationSource {
	return model.form === 'checkpoint'
		? checkpointEvaluation(model, plan, repairs)
		: onnxEvaluation(model, plan);
}
