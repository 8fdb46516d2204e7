import type { About } from '../kind.ts';
import type { TorchSettings } from '../../engine/torchSettings.ts';
import type { MadeBy } from '../torchFlags.ts';
import type { ModelFigures } from '../figures.ts';
import type { ResampledOver } from '../../statistics/resample.ts';
import type { Shard } from '../shards/shard.ts';
import type { Document } from '../../model/tokens/types.ts';

/** Request for a damage map: the loss that sharing and dropping add to one model on one set of texts, case by case. */
export interface DamageRequest {
	/** Folder of the checkpoint. */
	modelFolder: string;
	documents: Document[];
	/** Tokens in a window, BOS included. */
	context: number;
	/** Number of windows asked for; fewer are taken where the text is too short. */
	windows: number;
	/** Layers of the longest span, source included; at least 2. */
	maxSpan: number;
	/** True if in-context recall is measured too; undefined: true. */
	recall?: boolean;
	/** Tokens of a recall probe, BOS left out; undefined: 512. */
	recallTokens?: number;
	/** The shard whose windows and probes are measured; left out: all. */
	shard?: Shard;
	/** The PyTorch engine; null or undefined: onnxruntime. */
	torch?: TorchSettings | null;
	/** Most bytes this process may use; null: 70% of what is free. */
	memoryLimitBytes: number | null;
	/** The workspace. */
	home: string;
	/** File of the results, written as they come and read when the measurement goes on; null: one in the workspace. */
	progressFile: string | null;
}

/**
 * Loss increase in nats/token, with its 95% bootstrap interval over windows. All null where the layers' sliding windows
 * differ; bounds null where there is a single window.
 */
export interface LossAdded {
	loss: number | null;
	low: number | null;
	high: number | null;
}

export interface LayerDamage extends LossAdded {
	layer: number;
}

export interface PairDamage extends LossAdded {
	source: number;
	follower: number;
	/** 1 − ‖(P_source − P_follower)·V_follower·W_O‖ / ‖P_follower·V_follower·W_O‖, W_O without bias. */
	output: number | null;
}

export interface SpanDamage extends LossAdded {
	source: number;
	last: number;
}

/** Loss increase of each case on the second copy of a repeated passage, nats/token; see `LossAdded`. */
export interface RecallDamage {
	/** Of the model itself: nats/token on the second copy. */
	baseline: number;
	/** Per layer: its attention dropped. */
	drop: LossAdded[];
	pairs: ({ source: number; follower: number } & LossAdded)[];
	spans: SpanDamage[];
	/** Probes. */
	windows: number;
	/** Unit resampled for the intervals; null: there are none, with a single probe. */
	interval: ResampledOver | null;
}

/** Report of a damage map, as `spanwise damage --json` prints it. Losses added are nats/token. */
export interface DamageReport {
	baseline: ModelFigures;
	/** Per layer: it is dropped. */
	drop: number[];
	/** Every source before every follower: that one layer reuses that source. */
	pairs: PairDamage[];
	/** Every span up to the longest: all its layers reuse the first. */
	spans: SpanDamage[];
	/** In-context recall, measured on probes; not there where it was turned off, or the texts are too short. */
	recall?: RecallDamage;
	/** Layer evaluations of all windows and probes: in one go, and had each case been run by itself from the first layer. */
	evaluations: { done: number; naive: number };
	/** Unit resampled for the intervals; null: there are none, with a single window. */
	interval: ResampledOver | null;
}

export interface Damage extends MadeBy, About {
	report: DamageReport;
	/** `drop` with intervals. */
	drops: LayerDamage[];
	notes: string[];
	/** File of the results of each window. */
	progressFile: string;
	seconds: number;
}
