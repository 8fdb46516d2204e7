import { engineFor } from '../analysis/engine/engineFor.ts';
import { withModel, type Model } from '../analysis/model/open.ts';
import { checkSameModel } from '../analysis/model/sameModel.ts';
import type {
	AttentionResult,
	Task,
	TaskDone,
	TaskProgress
} from '../analysis/measure/messages.ts';
import type { Running } from '../analysis/measure/kind.ts';
import { opening } from '../analysis/measure/torchFlags.ts';
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
	return {
		attention: null,
		telemetry: await measure(task, recorder, progressCallbacks(recorder, report))
	};
}

/** Passes progress on, not too often, with each sample that was taken meanwhile and where results are kept. */
function progressCallbacks(
	recorder: TelemetryRecorder,
	report: (progress: TaskProgress) => void
): Required<Pick<Running, 'onProgress' | 'onPrepared'>> {
	let last = -Infinity;
	let sample: TelemetrySample | null = null;
	let progressFile: string | null = null;
	return {
		onPrepared: (forecast) => {
			progressFile = forecast.progressFile ?? null;
			// With the next progress, however soon it comes.
			last = -Infinity;
		},
		onProgress: (progress) => {
			sample = recorder.add(progress) ?? sample;
			const now = performance.now();
			if (now - last < MIN_PROGRESS_INTERVAL_MS) return;
			last = now;
			report({ progress, sample, sums: recorder.sums(), progressFile });
			sample = null;
		}
	};
}
