/** What the server and a worker process say to one another over IPC. */
import type { AnalyzeRequest } from './analyze/types.ts';
import type { DamageRequest } from './damage/types.ts';
import type { BenchRequest } from './bench/benchTypes.ts';
import type { EvaluateRequest } from './evaluate/types.ts';
import type { Document } from '../model/tokens/types.ts';
import type { Progress } from '../telemetry/progress.ts';
import type { SearchRequest } from './search/types.ts';
import type { Telemetry, TelemetrySample } from '../telemetry/telemetry.ts';
import type { TelemetrySums } from '../telemetry/recorder.ts';

export interface AnalyzeTask {
	kind: 'analyze';
	request: AnalyzeRequest;
	runFolder: string;
	id: string;
	command: string;
}

/** A measurement; its result goes into the workspace of the request, under `id`. */
export type MeasureTask = {
	id: string;
	/** Of the run that it was asked from; figures of other weights would be told as that model's. */
	modelHash: string;
	command: string;
} & (
	| { kind: 'damage'; request: DamageRequest }
	| {
			kind: 'evaluate';
			/** Questions are parsed by the worker. */
			request: Omit<EvaluateRequest, 'repairs' | 'questions'> & { questions: Document | null };
			/** Where the refitted weights lie that the plan names; null: it names none. */
			repairFolder: string | null;
	  }
	| { kind: 'search'; request: SearchRequest }
	| { kind: 'bench'; request: BenchRequest }
);

export interface AttentionTask {
	kind: 'attention';
	modelFolder: string;
	/** Of the run whose window it is; maps of other weights would be told as the run's. */
	modelHash: string;
	home: string;
	ids: number[];
	layers: number[];
}

/** The one task of a worker process, sent to it as its first message. */
export type Task = AnalyzeTask | MeasureTask | AttentionTask;

/** float32, row-major, shape [layers, H, S, S]. */
export interface AttentionResult {
	data: Float32Array<ArrayBuffer>;
	shape: [number, number, number, number];
}

/** Where a task is, and what it used since the last message. */
export interface TaskProgress {
	progress: Progress;
	/** null: none was due. */
	sample: TelemetrySample | null;
	sums: TelemetrySums;
}

/** What is sent at the end: what is not in a folder. */
export interface TaskDone {
	/** Of an attention task alone. */
	attention: AttentionResult | null;
	/** Of all other tasks. */
	telemetry: Telemetry | null;
}

export type WorkerMessage =
	| ({ kind: 'progress' } & TaskProgress)
	/** The folder of the run or the result is written, or the maps are ready. */
	| ({ kind: 'done' } & TaskDone)
	/** `input`: the request is at fault; `own`: we are, and the stack is on stderr. */
	| { kind: 'failed'; message: string; fault: 'input' | 'own' };
