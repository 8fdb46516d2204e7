import { resultShelf } from '$analysis/measure/results/folder.ts';
import { runShelf } from '$analysis/workspace/run/list.ts';
import type { Shelf } from '$analysis/workspace/shelf.ts';
import type { Document } from '$analysis/model/tokens/types.ts';
import type { JobKind } from '$lib/client/api.ts';
import type { Task } from '$analysis/measure/messages.ts';
import type { JobRecord } from './record.ts';

/** Where the jobs of a kind put what they make. */
export function shelfOf(kind: JobKind, home: string): Shelf {
	return kind === 'analyze' ? runShelf(home) : resultShelf(home);
}

/** Names of the files that are kept for a job: its texts, then its questions. */
export function keptNames({ job, request }: Pick<JobRecord, 'job' | 'request'>): string[] {
	const questions = request.kind === 'evaluate' ? request.questions : null;
	return questions === null ? job.texts : [...job.texts, questions];
}

/** What a worker is to do for a job. `kept`: its texts, then its questions. */
export function taskOf(
	{ job, request, command }: JobRecord,
	id: string,
	kept: readonly Document[],
	{ home, memoryLimitBytes }: { home: string; memoryLimitBytes: number | null }
): Task {
	const documents = kept.slice(0, job.texts.length);
	const own = { home, memoryLimitBytes };
	const common = { ...own, documents };
	switch (request.kind) {
		case 'analyze': {
			const { kind, ...rest } = request;
			const runFolder = shelfOf(kind, own.home).folder(id);
			return { kind, request: { ...rest, ...common }, runFolder, id, command };
		}
		case 'damage': {
			const { kind, modelHash, ...rest } = request;
			// The workspace's own progress file: a job that was interrupted goes on from there.
			const whole = { ...rest, ...common, progressFile: null };
			return { kind, request: whole, id, modelHash, command };
		}
		case 'evaluate': {
			const { kind, modelHash, modelFolder, context, windows, plan, gates, repairOf } = request;
			const questions = kept.at(documents.length) ?? null;
			return {
				kind,
				request: { ...common, modelFolder, context, windows, plan, gates, questions },
				id,
				modelHash,
				command,
				// Refitted weights lie beside the result that has the plan.
				repairFolder: repairOf === null ? null : shelfOf(kind, own.home).folder(repairOf)
			};
		}
		case 'search': {
			const { kind, modelHash, ...rest } = request;
			return { kind, request: { ...rest, ...common }, id, modelHash, command };
		}
		case 'bench': {
			const { kind, modelHash, repairOf, ...rest } = request;
			const planFolder = repairOf === null ? '.' : shelfOf(kind, own.home).folder(repairOf);
			return { kind, request: { ...rest, ...own, planFolder }, id, modelHash, command };
		}
	}
}
