/** Messages between the server and a worker process, over IPC. */
import type { TorchSettings } from '../engine/torchSettings.ts';
import type { Progress } from '../telemetry/progress.ts';
import type { TelemetrySums } from '../telemetry/recorder.ts';
import type { Telemetry, TelemetrySample } from '../telemetry/telemetry.ts';
import type { Request } from './kind.ts';

/** A run or a result to be made; it goes into the workspace of the request, under `id`. */
export interface MeasureTask {
	kind: 'measure';
	request: Request;
	id: string;
	/** The command that makes it again. */
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
	/** PyTorch, where it alone runs the model; null: the program's own engine. */
	torch: TorchSettings | null;
}

/** The one task of a worker process, sent to it as its first message. */
export type Task = MeasureTask | AttentionTask;

/** float32, row-major, shape [layers, H, S, S]. */
export interface AttentionResult {
	data: Float32Array<ArrayBuffer>;
	shape: [number, number, number, number];
}

/** Progress of a task, and the resources that it used since the last message. */
export interface TaskProgress {
	progress: Progress;
	/** null: none was due. */
	sample: TelemetrySample | null;
	sums: TelemetrySums;
	/** File that finished results are added to; null: not known yet, or there is none. */
	progressFile: string | null;
}

/** Results sent at the end, apart from those written to a folder. */
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
