import type { DecoderNames } from '../../engine/deploySession.ts';
import type { Spread } from '../../statistics/figures.ts';
import type { DecoderDtype } from '../../graph/decode/weights.ts';
import type { Document } from '../../model/tokens/types.ts';
import type { Plan } from '../../plan/types.ts';
import type { ResampledOver } from '../../statistics/resample.ts';
import type { About } from '../kind.ts';
import type { RecallReport } from '../recall.ts';

export interface BenchSetting {
	/** Tokens of the prompt. */
	prompt: number;
	/** Tokens generated after the first, one by one. */
	generate: number;
	/** Sequences at a time. */
	batch: number;
	/** Measured rounds of each side, after one that is not counted. */
	repeats: number;
}

/** A model and a plan, to be written and run. */
export interface BenchRequest extends BenchSetting {
	/** Folder of the checkpoint; or an ONNX file, or a folder with one. */
	modelFolder: string;
	plan: Plan;
	/** Folder of the refitted weights that the plan may name. */
	planFolder: string;
	/** Of what is written of a checkpoint; null: fp32, or the types that an ONNX model has. */
	dtype: DecoderDtype | null;
	/** Most bytes that the processes may use together; null: 70% of what is free. */
	memoryLimitBytes: number | null;
	/** The workspace: what is written for the bench is there while it runs. */
	home: string;
	/** Texts on which the cost of the plan is measured; none: it is not. */
	documents: Document[];
	/** True if in-context recall is measured too. */
	recall: boolean;
}

/** A model to be run as it is deployed. */
export interface BenchFile {
	file: string;
	/** Folder that its external data is relative to; null: the file's own. */
	dataFolder: string | null;
	/** null: as Spanwise names them when it writes a checkpoint as a decoder. */
	names: DecoderNames | null;
}

/** Opens one side of a bench, in a process of its own. */
export type OpenSide = (file: BenchFile, setting: BenchSetting) => Promise<BenchSide>;

/** One side run once. */
export interface BenchRound {
	/** Seconds from the prompt to its next token. */
	firstTokenSeconds: number;
	/** Seconds of all further tokens together. */
	decodeSeconds: number;
	/** Highest resident set of the process so far, bytes; loading the model included. */
	peakRssBytes: number;
	/** Resident set at the end of the round, bytes. */
	rssBytes: number;
	/** Processor time of the process so far, of all threads. */
	cpuSeconds: number;
}

/** Facts of one model, as the process that runs it finds them. */
export interface BenchModel {
	/** Bytes of cache per token and sequence, counted from the graph's inputs. */
	cacheBytesPerToken: number;
}

/** A process that runs one model. */
export interface BenchSide {
	model: BenchModel;
	round: () => Promise<BenchRound>;
	close: () => Promise<void>;
}

export interface SideReport extends BenchModel {
	firstTokenSeconds: Spread;
	/** Of all sequences together. */
	tokensPerSecond: Spread;
	peakRssBytes: number;
}

/** A ratio over the rounds, and the 95% interval of its median; see `medianInterval`. */
export interface RatioSpread extends Spread {
	/** null: too few rounds for one; absent in older results. */
	low?: number | null;
	high?: number | null;
}

/** Fractions, 0 to 1, that counting says are saved; see `Savings`. No time follows from them. */
export interface BenchPrediction {
	/** Of the multiplications and additions of reading the prompt. */
	prefillFlops: number;
	/** Of the bytes read a step at the end of the generation; negative: more are read. */
	decodeBytes: number;
	kvCache: number;
	parameters: number;
}

/** Cost of a plan, measured on text by the engine that evaluates plans: losses, nats/token, paired by window. */
export interface PlanCost extends Pick<About, 'texts' | 'context'> {
	/** Loss on text; `over` is what its interval is drawn over. */
	text: RecallReport & { over: ResampledOver | null };
	/** Loss on a passage that comes again; not there where it was not measured. */
	recall?: RecallReport;
}

/** Output of `spanwise bench --json`. */
export interface BenchReport {
	/** Its name; of the model that both sides were written from. */
	model: string;
	/** Of its weights. */
	modelHash: string;
	/** Type that it is run in. */
	dtype: string;
	followers: number;
	leftOut: number;
	setting: BenchSetting;
	baseline: SideReport;
	planned: SideReport;
	/** Planned ÷ baseline, round by round where there are rounds: below 1 is less time, memory or cache. */
	ratio: {
		firstTokenSeconds: RatioSpread;
		/** Above 1 is faster. */
		tokensPerSecond: RatioSpread;
		peakRss: number;
		cacheBytesPerToken: number;
	};
	predicted: BenchPrediction;
	/** null: it could not be measured, and `notes` say why. Earlier versions did not measure it. */
	cost?: PlanCost | null;
	machine: { processor: string; threads: number };
	/** The plan was made for other weights; null: for these. Earlier versions did not say. */
	warning?: string | null;
	/** Notes, one line each, on what was written or measured otherwise than might be expected, and why. */
	notes?: string[];
}
