/** What the server and a worker process say to one another over IPC. */
import type { AnalyzeRequest } from '$analysis/analyze/types.ts';
import type { Progress } from '$analysis/progress.ts';

export interface AnalyzeTask {
	kind: 'analyze';
	request: AnalyzeRequest;
	runFolder: string;
	id: string;
	command: string;
}

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
export type Task = AnalyzeTask | AttentionTask;

/** float32, row-major, shape [layers, H, S, S]. */
export interface AttentionResult {
	data: Float32Array<ArrayBuffer>;
	shape: [number, number, number, number];
}

export type WorkerMessage =
	| { kind: 'progress'; progress: Progress }
	/** The run folder is written (analyze), or the maps are ready (attention). */
	| { kind: 'done'; attention: AttentionResult | null }
	/** `input`: the request is at fault; `own`: we are, and the stack is on stderr. */
	| { kind: 'failed'; message: string; fault: 'input' | 'own' };
