import type { Job, JobState } from '../api.ts';

/** Ended jobs that can be queued again. */
const RETRY_STATES: readonly JobState[] = ['failed', 'cancelled', 'interrupted'];

export function isActive({ state }: Job): boolean {
	return state === 'queued' || state === 'running';
}

export function canRetry({ state }: Job): boolean {
	return RETRY_STATES.includes(state);
}

/** Where a job is, in words: "layers, layer 5 of 16, window 2 of 8". Layers are counted from 0. */
export function placeOf({ state, progress }: Job): string {
	if (state === 'queued') return 'waiting for its turn';
	if (progress === null) return 'starting';
	const { stage, layer, layers, window, windows } = progress;
	return [
		stage,
		...(layer === null ? [] : [`layer ${layer} of 0–${layers - 1}`]),
		`window ${Math.min(window + 1, windows)} of ${windows}`
	].join(', ');
}

/**
 * What the list shows: jobs that wait, run or went wrong; of those that are done only the ones that ended
 * while this page was open, because their runs are in the table below.
 */
export function shownJobs(jobs: readonly Job[], seenActive: ReadonlySet<string>): Job[] {
	return jobs.filter((job) => job.state !== 'done' || seenActive.has(job.id));
}
