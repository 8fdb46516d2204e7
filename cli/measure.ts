import type { Running } from '../analysis/measure/kind.ts';
import { isMeasurement, kindOf } from '../analysis/measure/lookup.ts';
import type { MeasureTask } from '../analysis/measure/messages.ts';
import { writeResult } from '../analysis/measure/results/folder.ts';
import { partsOf } from '../analysis/measure/results/parts.ts';
import { planSetting, resultOf } from '../analysis/measure/results/result.ts';
import type { TelemetryRecorder } from '../analysis/telemetry/recorder.ts';
import type { Telemetry } from '../analysis/telemetry/telemetry.ts';
import { WORKERS } from './workers.ts';

/**
 * Makes the run or the result of a task and stores it in the workspace, under the task's id. Throws InputError where
 * the model's weights are others than those it was asked for, and as the kind does.
 */
export async function measure(
	{ request, id, command }: MeasureTask,
	recorder: TelemetryRecorder,
	callbacks: Pick<Running, 'onProgress' | 'onPrepared'>
): Promise<Telemetry | null> {
	const kind = kindOf(request.kind);
	const running = { id, command, out: null, workers: WORKERS, ...callbacks };
	if (!isMeasurement(kind)) return (await kind.run(request, running)).telemetry ?? null;
	const { figures, files = [] } = await kind.run(request, running);
	const telemetry = recorder.finish();
	const result = resultOf(kind.kind, figures, planSetting(request.settings));
	await writeResult(request.home, partsOf(result, { command, telemetry }), files, { id });
	return telemetry;
}
