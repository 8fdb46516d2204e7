import type { Captured } from './captureSums.ts';
import type { TokenComparison } from './comparison.ts';
import type { PlannedLayers } from './forward.ts';
import type { MemoryPlan } from './memory.ts';
import type { LayerRepairs } from './repair/repairs.ts';
import type { StatisticsRequest } from './statistics.ts';

/** Token ids of a window; all windows of one call are equally long, except where a verb says otherwise. */
export interface Sequence {
	ids: readonly number[];
}

/** The model without and with a plan. */
export type Way = 'baseline' | 'shared';

/** The engine behind a result. */
export interface EngineFacts {
	engine: 'onnxruntime' | 'torch';
	/** "cpu", "webgpu", "cuda:0" */
	device: string;
	/** What it computes in: "float32", "bfloat16". */
	dtype: string;
}

/** A piece of work that was done. */
export interface EngineStep {
	/** A word for people: 'layers', 'loss', 'similarity', 'comparing'. */
	stage: string;
	/** Index among the windows of the call. */
	window: number;
	/** The layer that was run last; null: no single one. */
	layer: number | null;
	/** Floating-point operations by `work.ts`, of which estimates and progress bars are made. */
	work: number;
	way?: Way;
}

/** Called after every step. */
export type OnStep = (step: EngineStep) => void;

/** A follower beside the source that it might have. */
export interface LayerPair {
	source: number;
	follower: number;
}

/**
 * Squared Frobenius norms on one window, the bias of W_O left out: of (P_source − P_follower)·V·W_O, and of
 * P_follower·V·W_O. Their sums over windows give `output` (see `Metric`).
 */
export interface OutputError {
	missing: number;
	own: number;
}

/** Time that a window took one way. */
export interface WindowTime {
	seconds: number;
	/** Of all threads together. */
	cpuSeconds: number;
}

/** A window that was run without and with a plan. */
export interface Compared<Window> {
	sequence: Window;
	comparison: TokenComparison;
	time: Record<Way, WindowTime>;
}

/** Receives losses as they come. */
export interface LossSink {
	/** Whether a loss is still missing; those that are not are not measured again. */
	isMissing: (plan: number, window: number) => boolean;
	/** Natural-log losses of the window's tokens after the first, [S − 1]. */
	onLosses: (plan: number, window: number, losses: Float64Array) => Promise<void>;
}

/**
 * A model that is ready to run. The verbs are coarse, so that what passes between an engine and the rest is small, no
 * matter who computes it: this process by onnxruntime, or a worker on another device. Indices of plans and windows are
 * those of the arrays given. Every verb throws InputError where a number is not finite, and RangeError for layers that
 * the model does not have. A verb is called after the one before it has ended.
 */
export interface Engine {
	readonly facts: EngineFacts;
	/** Sums of what every layer attends to, over all windows, and their mean loss. */
	capture(
		windows: readonly Sequence[],
		wants: StatisticsRequest,
		onStep: OnStep
	): Promise<Captured>;
	/** Losses of every plan on every window, in whatever order is cheapest: plans that begin alike share their first layers. */
	losses(
		plans: readonly PlannedLayers[],
		windows: readonly Sequence[],
		sink: LossSink,
		onStep: OnStep
	): Promise<void>;
	/** The model without and with a plan, window by window, the ways taking turns at going first. Windows may differ in length. */
	compare<Window extends Sequence>(
		plan: PlannedLayers,
		windows: readonly Window[],
		onStep: OnStep
	): AsyncGenerator<Compared<Window>>;
	/** What each pair's follower would put out otherwise with its source's attention, in the baseline model. */
	outputErrors(
		pairs: readonly LayerPair[],
		windows: readonly Sequence[],
		sink: {
			isMissing: (pair: number, window: number) => boolean;
			onError: (pair: number, window: number, error: OutputError) => Promise<void>;
		},
		onStep: OnStep
	): Promise<void>;
	/** Attention probabilities of `layers` on one window, [layers, H, S, S], rows queries, zeros above the diagonal. */
	tokenMaps(layers: readonly number[], window: Sequence): Promise<TokenMaps>;
	/** Repairs of a plan's followers and dropped layers, fitted on windows; a set of them for each strength. */
	repair(
		plan: PlannedLayers,
		windows: readonly Sequence[],
		strengths: readonly number[],
		onStep: OnStep
	): Promise<LayerRepairs[]>;
	/** Frees what it holds; it cannot run again. */
	close(): Promise<void>;
}

export interface TokenMaps {
	data: Float32Array<ArrayBuffer>;
	/** [layers, H, S, S] */
	shape: [number, number, number, number];
}

/** What a measurement will ask of an engine; its memory is laid out for the largest of it. */
export interface EngineAsks {
	/** Tokens of the longest window. */
	context: number;
	/** Windows that one call is given at most. */
	windows: number;
	capture?: StatisticsRequest;
	/** Of `losses` and `outputErrors`: the state before every layer is kept. */
	states?: boolean;
	/** The plan that `compare` will be given. */
	compare?: PlannedLayers;
	/** Of `repair`: followers that are refitted, and sets of refitted weights that are held together. */
	repair?: { followers: number; sets: number };
}

/** Floating-point operations of one window, for estimates. */
export interface EngineWork {
	/** One layer. */
	layer: number;
	/** Final norm, output embedding and loss. */
	head: number;
	/** Everything that `capture` reads from the attention; 0: not asked for. */
	statistics: number;
	/** One pair's output error. */
	output: number;
	/** Two models' logits compared. */
	comparison: number;
}

/** How an engine will do what is asked, known before it is loaded. */
export interface EngineOutlook {
	memory: MemoryPlan;
	work: EngineWork;
	/** Makes ready to run. */
	open(): Promise<Engine>;
}
