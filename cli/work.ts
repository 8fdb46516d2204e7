import { engineFor } from '../analysis/engine/engineFor.ts';
import { withModel, type Model } from '../analysis/model/open.ts';
import { checkSameModel } from '../analysis/model/sameModel.ts';
import type {
	AttentionResult,
	Task,
	TaskDone,
	TaskProgress
} from '../analysis/measure/messages.ts';
import { opening } from '../analysis/measure/torchFlags.ts';
import type { Progress } from '../analysis/telemetry/progress.ts';
import { TelemetryRecorder } from '../analysis/telemetry/recorder.ts';
import type { TelemetrySample } from '../analysis/telemetry/telemetry.ts';
import { measure } from './measure.ts';

/** Progress comes with every layer of every window; the server needs five a second. */
const MIN_PROGRESS_INTERVAL_MS = 200;

/** Does a worker's task to its end. Throws InputError where what was asked is at fault. */
export async function work(
	task: Task,
	report: (progress: TaskProgress) => void
): Promise<TaskDone> {
	if (task.kind === 'attention') {
		const looked = async (model: Model): Promise<AttentionResult> => {
			await checkSameModel(model, task.modelHash, task.home);
			return engineFor(model, task.torch).tokenMaps(task);
		};
		const attention = await withModel(task.modelFolder, looked, opening(task));
		return { attention, telemetry: null };
	}
	const recorder = new TelemetryRecorder();
	return { attention: null, telemetry: await measure(task, recorder, thinned(recorder, report)) };
}

/** Passes progress on, not too often, with each sample that was taken meanwhile. */
function thinned(
	recorder: TelemetryRecorder,
	report: (progress: TaskProgress) => void
): (progress: Progress) => void {
	let last = -Infinity;
	let sample: TelemetrySample | null = null;
	return (progress) => {
		sample = recorder.add(progress) ?? sample;
		const now = performance.now();
		if (now - last < MIN_PROGRESS_INTERVAL_MS) return;
		last = now;
		report({ progress, sample, sums: recorder.sums() });
		sample = null;
	};
}
