/** Messages between the server and the process that scores. */
import type { Failed } from '../../process/ask.ts';
import type { Scored, ScoredModel } from './completion.ts';

/** One question; the models are named when the process is started. */
export interface ScoreAsk {
	model: ScoredModel;
	sequences: number[][];
}

export type ScoreAnswer = { kind: 'scored'; scored: Scored[] } | Failed;
