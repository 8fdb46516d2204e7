import type { LayerSources, PlannedLayers } from './forward.ts';
import type { MemoryPlan } from './memory.ts';
import type { EnginePath } from './path.ts';
import type { LayerRepairs } from './repair/repairs.ts';

/** Token ids of a window of text or of a probe. */
export interface Sequence {
	ids: readonly number[];
}

/** Sequences of one length that plans will be run on. */
export interface PlansSample {
	context: number;
	/** Tokens at the end of each whose losses are wanted. */
	scored: number;
	windowCount: number;
}

/** Size of a run of plans, by which it is laid out in memory. */
export interface PlansSize {
	/** The first one's length decides how queries are cut into blocks. */
	samples: readonly PlansSample[];
	/** Windows that repairs are fitted on, and refitted projections that are held at once; undefined: none are fitted. */
	refits?: { windowCount: number; projections: number };
	/**
	 * Bytes of an analysis that runs before. What it frees serves plans that run in the same thread; other threads take theirs
	 * from the system anew.
	 */
	freedBytes?: number;
	limitBytes: number;
}

/** Operations that a sequence takes, in the unit of work.ts: a layer, the scored tokens' losses, and a pair's output error. */
export interface PlansWork {
	layer: number;
	head: number;
	output: number;
}

/** Memory, work and path of a run of plans. */
export interface PlansForecast {
	memory: MemoryPlan;
	/** Of each sample, in order. */
	work: readonly PlansWork[];
	/** Path, device and type of the run; results record them. */
	path: EnginePath;
	notes: readonly string[];
	/** Makes ready to run. */
	open(): Promise<Plans>;
}

/** Work that was done on a window, in the unit of work.ts. `layer`: one layer was run; null: anything else. */
export type OnWork = (work: number, window: number, layer: number | null) => void;

/** Receives losses as they come. */
export interface LossSink {
	/** Returns true if a loss is still wanted; the others are not measured again. */
	isMissing(plan: number, window: number): boolean;
	/** Natural-log losses of the window's scored tokens, [scored]. */
	onLosses(plan: number, window: number, losses: Float64Array): Promise<void>;
	/** As `OnWork`, of a plan. */
	onWork?(plan: number, work: number, window: number, layer: number | null): void;
}

/** Layer `follower` with the attention probabilities of `source`. */
export interface Pair {
	source: number;
	follower: number;
}

/**
 * Squared Frobenius norms, the bias of W_O left out: of (P_source − P_follower)·V·W_O as `missing`, of P_follower·V·W_O as
 * `own`.
 */
export interface OutputError {
	missing: number;
	own: number;
}

/** A model that is ready to run plans. Every verb throws InputError where a number is not finite. */
export interface Plans {
	/**
	 * Losses of the last `scored` tokens of each sequence under each plan. Sequences have one length. Plans are run in an
	 * order in which neighbours begin alike, and what they have in common once.
	 */
	losses(
		plans: readonly PlannedLayers[],
		sequences: readonly Sequence[],
		scored: number,
		sink: LossSink
	): Promise<void>;
	/** Computes the error in each follower's attention output under its source's probabilities, [pairs][sequences]. */
	outputErrors(
		pairs: readonly Pair[],
		sequences: readonly Sequence[],
		onWork?: OnWork
	): Promise<OutputError[][]>;
	/**
	 * [L]: mean over tokens of 1 − cos(x, x + Attn(x)), how much each layer's attention turns the state in the model under
	 * `sources`, the bias of W_O left out. Dropped layers have 0.
	 */
	turned(sources: LayerSources, sequences: readonly Sequence[], onWork?: OnWork): Promise<number[]>;
	/** Repairs of a plan's followers and dropped layers, fitted on sequences of one length: a set for each strength. */
	repair(
		plan: Pick<PlannedLayers, 'sources' | 'headMaps'>,
		sequences: readonly Sequence[],
		strengths: readonly number[],
		onWork?: OnWork
	): Promise<LayerRepairs[]>;
	close(): Promise<void>;
}
