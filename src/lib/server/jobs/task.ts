import type { Request } from '$analysis/measure/kind.ts';
import { isMeasurement, kindOf } from '$analysis/measure/lookup.ts';
import type { MeasureTask } from '$analysis/measure/messages.ts';
import { resultShelf } from '$analysis/measure/results/folder.ts';
import type { Document } from '$analysis/model/tokens/types.ts';
import { runShelf } from '$analysis/workspace/run/list.ts';
import type { Shelf } from '$analysis/workspace/shelf.ts';
import type { JobKind } from '$lib/client/api.ts';
import { settingsOf, type JobRecord, type JobRequest } from './record.ts';

/** Returns true if the jobs of a kind make a run; the others make a result. */
export function makesRun(kind: JobKind): boolean {
	return !isMeasurement(kindOf(kind));
}

/** Returns the shelf for the runs or results that the jobs of a kind make. */
export function shelfOf(kind: JobKind, home: string): Shelf {
	return makesRun(kind) ? runShelf(home) : resultShelf(home);
}

/** Names of the files that are kept for a job: its texts, then its questions. */
export function keptNames({ job, request }: Pick<JobRecord, 'job' | 'request'>): string[] {
	const { questions } = inputsOf(request);
	return questions === null ? job.texts : [...job.texts, questions];
}

/** Makes the task of a worker for a job. `kept`: its texts, then its questions. */
export function taskOf(
	{ job, request, command }: JobRecord,
	id: string,
	kept: readonly Document[],
	{ home, memoryLimitBytes }: { home: string; memoryLimitBytes: number | null }
): MeasureTask {
	const { modelHash, repairOf, questions } = inputsOf(request);
	const whole: Request = {
		kind: request.kind,
		modelFolder: request.modelFolder,
		modelHash,
		settings: settingsOf(request),
		documents: kept.slice(0, job.texts.length),
		questions: questions === null ? null : (kept.at(job.texts.length) ?? null),
		tokenizer: null,
		// Refitted weights lie beside the result that has the plan.
		planFolder: repairOf === null ? null : resultShelf(home).folder(repairOf),
		memoryLimitBytes,
		home
	};
	return { kind: 'measure', request: whole, id, command };
}

/** Returns the ids and names of a job's inputs beside its texts; each is null if the kind takes none such. */
function inputsOf(request: JobRequest) {
	return {
		modelHash: 'modelHash' in request ? request.modelHash : null,
		repairOf: 'repairOf' in request ? request.repairOf : null,
		questions: 'questions' in request ? request.questions : null
	};
}
