import type { Window } from '../model/tokens/types.ts';
import type { Reporter } from '../telemetry/reporter.ts';
import type { Stopwatch } from '../telemetry/stopwatch.ts';
import type { Captured } from './captureSums.ts';
import type { PlannedLayers } from './forward.ts';
import type { AttentionLayout } from './layout.ts';
import type { MemoryPlan } from './memory.ts';
import type { EnginePath } from './path.ts';
import type { PlansForecast, PlansSize } from './plans.ts';
import type { StatisticsRequest } from './statistics.ts';
import type { Comparison } from './variants.ts';
import type { WindowWork } from './work.ts';

/**
 * A model that can be run. Measurements ask it and do not know what computes: this process by onnxruntime, or another
 * one put in its place. A verb comes in two steps: first what it will take, known before anything is loaded, and then
 * the run. Every run throws InputError where a number is not finite.
 */
export interface Engine {
	/** Tokens that the model takes at once where it takes no other number; null: any. */
	readonly fixedContext: number | null;
	/**
	 * Sums of what every layer attends to. Lays windows of `context` tokens out so that they stay under the limit; throws
	 * InputError where not even one does.
	 */
	capture(context: number, statistics: StatisticsRequest, limitBytes: number): CaptureForecast;
	/** The model without and with a plan, on the same windows. Throws InputError as `capture`. */
	compare(planned: PlannedLayers, wanted: ComparisonSize): ComparisonForecast;
	/**
	 * Plans on sequences of some lengths, again and again: their losses, output errors and repairs. Throws InputError as
	 * `capture`, and for a model that plans cannot be tried on without writing them.
	 */
	plans(size: PlansSize): PlansForecast;
	/**
	 * Attention probabilities of `layers` on one window, [layers, H, S, S] as float32, rows queries, zeros above the
	 * diagonal. Throws InputError for a layer that the model does not have.
	 */
	tokenMaps(wanted: { ids: readonly number[]; layers: readonly number[] }): Promise<TokenMaps>;
}

/** Layout, memory and work of capturing windows of one length. */
export interface CaptureForecast {
	layout: AttentionLayout;
	memory: MemoryPlan;
	work: WindowWork;
	/** Path, device and type of the run; results record them. */
	path: EnginePath;
	/** Remarks about the run for the user. */
	notes: readonly string[];
	/** Runs the windows and sums up what their attention says; `home` is the workspace, where hashes are remembered. */
	capture(
		windows: readonly Window[],
		home: string,
		reporter: Reporter,
		stopwatch: Stopwatch
	): Promise<Captured>;
}

/** Size of a comparison, by which it is laid out in memory. */
export interface ComparisonSize {
	/** Tokens of the windows whose work is counted. */
	context: number;
	/** Tokens of the longest. */
	longest: number;
	/** Number of windows, which go through one after another. */
	windowCount: number;
	limitBytes: number;
}

/** Work of one window of a comparison, in the unit of work.ts. */
export interface ComparisonWork {
	/** Run as one variant, without or with the plan. */
	oneVariant: number;
	/** Compared. */
	comparison: number;
}

/** Memory and work of running windows without and with the plan. */
export interface ComparisonForecast {
	memory: MemoryPlan;
	work: ComparisonWork;
	/** Path, device and type of the run; results record them. */
	path: EnginePath;
	/** Part of the model that a window's time covers: all decoder layers, or the forward pass with all logits. */
	timed: 'layers' | 'model';
	notes: readonly string[];
	/** Makes ready to run; `home` is the workspace, where hashes are remembered. */
	open(home: string): Promise<Comparison>;
}

/** Attention probabilities, [layers, H, S, S]. */
export interface TokenMaps {
	data: Float32Array<ArrayBuffer>;
	shape: [number, number, number, number];
}
