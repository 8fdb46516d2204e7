import { withModel, type Model } from '../analysis/model/open.ts';
import { checkSameModel } from '../analysis/model/sameModel.ts';
import { measureDamage } from '../analysis/measure/damage/damage.ts';
import { measureBench } from '../analysis/measure/bench/measureBench.ts';
import { parseQuestions } from '../analysis/measure/evaluate/choices/parse.ts';
import { evaluatePlan } from '../analysis/measure/evaluate/evaluate.ts';
import type { Progress } from '../analysis/telemetry/progress.ts';
import { writeResult } from '../analysis/measure/results/folder.ts';
import { partsOf } from '../analysis/measure/results/parts.ts';
import type { StoredResult } from '../analysis/measure/results/types.ts';
import type { FolderFile } from '../analysis/workspace/wholeFolder.ts';
import { searchPlans } from '../analysis/measure/search/search.ts';
import type { TelemetryRecorder } from '../analysis/telemetry/recorder.ts';
import type { MeasureTask } from '../analysis/measure/messages.ts';
import { benchSides } from '../analysis/measure/bench/sideProcess.ts';
import { repairsOf } from '../analysis/engine/repair/ofPlan.ts';

/** Beside the built worker. */
const BENCH_WORKER = new URL('./benchWorker.js', import.meta.url);

/**
 * Measures and stores the result in the workspace, under the task's id. Throws InputError where the model's weights
 * are others than those it was asked for, and as the measurements do.
 */
export async function measure(
	task: MeasureTask,
	recorder: TelemetryRecorder,
	onProgress: (progress: Progress) => void
): Promise<StoredResult> {
	const { id, modelHash, command } = task;
	const { modelFolder, home } = task.request;
	const { result, files = [] } = await withModel(modelFolder, async (model) => {
		await checkSameModel(model, modelHash, home);
		return measured(model, task, onProgress);
	});
	const parts = partsOf(result, { command, telemetry: recorder.finish() });
	return writeResult(home, parts, files, { id });
}

async function measured(
	model: Model,
	task: MeasureTask,
	onProgress: (progress: Progress) => void
): Promise<{ result: StoredResult['result']; files?: FolderFile[] }> {
	const { kind } = task;
	switch (kind) {
		case 'damage':
			return { result: { kind, damage: await measureDamage(model, task.request, { onProgress }) } };
		case 'evaluate': {
			const { plan, questions: asked } = task.request;
			const { repairFolder: folder } = task;
			const repairs = folder === null ? null : await repairsOf(model, plan, folder);
			const questions = asked === null ? null : parseQuestions(asked.text, asked.name);
			const request = { ...task.request, repairs, questions };
			return {
				result: { kind, plan, evaluation: await evaluatePlan(model, request, { onProgress }) }
			};
		}
		case 'search': {
			const { search, refits } = await searchPlans(model, task.request, { onProgress });
			return { result: { kind, search }, files: refits };
		}
		case 'bench': {
			const { plan } = task.request;
			const means = { id: task.id, openSide: benchSides(BENCH_WORKER), onProgress };
			return { result: { kind, plan, bench: await measureBench(model, task.request, means) } };
		}
	}
}
