import type { Spread } from '../evaluate/types.ts';

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

/** One side run once. */
export interface BenchRound {
	/** Seconds from the prompt to its next token. */
	firstTokenSeconds: number;
	/** Seconds of all further tokens together. */
	decodeSeconds: number;
	/** Highest resident set of the process so far, bytes; loading the model included. */
	peakRssBytes: number;
}

/** What one model is, as the process that runs it finds it. */
export interface BenchModel {
	/** Bytes of cache a token and sequence, counted from the graph's inputs. */
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

/** Shares, 0 to 1, that counting says are saved; see `Savings`. No time follows from them. */
export interface BenchPrediction {
	/** Of the multiplications and additions of reading the prompt. */
	prefillFlops: number;
	/** Of the bytes read a step at the end of the generation; negative: more are read. */
	decodeBytes: number;
	kvCache: number;
	parameters: number;
}

/** What `spanwise bench --json` prints. */
export interface BenchReport {
	model: string;
	dtype: string;
	followers: number;
	leftOut: number;
	setting: BenchSetting;
	baseline: SideReport;
	planned: SideReport;
	/** Planned ÷ baseline, round by round where there are rounds: below 1 is less time, memory or cache. */
	ratio: {
		firstTokenSeconds: Spread;
		/** Above 1 is faster. */
		tokensPerSecond: Spread;
		peakRss: number;
		cacheBytesPerToken: number;
	};
	predicted: BenchPrediction;
	machine: { processor: string; threads: number };
}
