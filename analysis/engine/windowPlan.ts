import type { Checkpoint } from '../model/checkpoint/types.ts';
import type { Tokenizer, Window } from '../model/tokens/types.ts';
import type { AttentionLayout } from './layout.ts';
import type { MemoryPlan } from './memory.ts';
import type { StatisticsRequest } from './statistics.ts';
import type { WindowWork } from './work.ts';

/** Plan of a run, made before the model runs, whatever form the model is stored in. */
export interface WindowPlan {
	tokenizer: Tokenizer;
	windows: Window[];
	/** Tokens in each window, BOS included; shorter than asked for where no text is long enough. */
	context: number;
	notes: string[];
	layout: AttentionLayout;
	statistics: StatisticsRequest;
	memory: MemoryPlan;
	work: WindowWork;
	totalWork: number;
}

/** A checkpoint's run. */
export interface Prepared extends WindowPlan {
	checkpoint: Checkpoint;
}
