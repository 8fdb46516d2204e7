/**
 * One task in a process of its own: the server forks this file, sends a task, and gets progress and a result.
 * The process ends with its task, because onnxruntime leaks a little with every session, and its calls can be
 * stopped only by ending the process.
 */
import { InputError, messageOf } from '../analysis/errors.ts';
import type { Progress } from '../analysis/telemetry/progress.ts';
import { analyze } from '../analysis/measure/analyze/analyze.ts';
import { withModel } from '../analysis/model/open.ts';
import { checkSameModel } from '../analysis/model/sameModel.ts';
import { captureAttention } from '../analysis/engine/tokenMaps.ts';
import type { TelemetrySample } from '../analysis/telemetry/telemetry.ts';
import { TelemetryRecorder } from '../analysis/telemetry/recorder.ts';
import type { Task, TaskDone, WorkerMessage } from '../analysis/measure/messages.ts';
import { measure } from './measure.ts';

/** Progress comes with every layer of every window; the server needs five a second. */
const MIN_PROGRESS_INTERVAL_MS = 200;

// The server is gone: nobody wants the result any more.
process.on('disconnect', () => process.exit(1));

process.once('message', (task: Task) => {
	work(task).then(
		(done) => end({ kind: 'done', ...done }),
		(error: unknown) => {
			const fault = error instanceof InputError ? 'input' : 'own';
			if (fault === 'own') console.error(error);
			end({ kind: 'failed', message: messageOf(error), fault });
		}
	);
});

async function work(task: Task): Promise<TaskDone> {
	const recorder = new TelemetryRecorder();
	const onProgress = reporting(recorder);
	switch (task.kind) {
		case 'attention': {
			const attention = await withModel(task.modelFolder, async (model) => {
				await checkSameModel(model, task.modelHash, task.home);
				return captureAttention(model, task);
			});
			return { attention, telemetry: null };
		}
		case 'analyze': {
			const { request, runFolder, id, command } = task;
			const options = { runFolder, id, command, onProgress };
			const { telemetry } = await withModel(request.modelFolder, (model) =>
				analyze(model, request, options)
			);
			return { attention: null, telemetry: telemetry ?? null };
		}
		default: {
			const { telemetry } = await measure(task, recorder, onProgress);
			return { attention: null, telemetry };
		}
	}
}

/** Sends progress on, not too often, with each sample that was taken meanwhile. */
function reporting(recorder: TelemetryRecorder): (progress: Progress) => void {
	let last = -Infinity;
	let sample: TelemetrySample | null = null;
	return (progress) => {
		sample = recorder.add(progress) ?? sample;
		const now = performance.now();
		if (now - last < MIN_PROGRESS_INTERVAL_MS) return;
		last = now;
		send({ kind: 'progress', progress, sample, sums: recorder.sums() });
		sample = null;
	};
}

function send(message: WorkerMessage): void {
	// A server that is gone cannot be told; 'disconnect' ends this process.
	process.send?.(message, undefined, undefined, () => undefined);
}

function end(message: WorkerMessage): void {
	process.send?.(message, undefined, undefined, () => process.exit(0));
}
