import type { Job, JobState } from '../client/api.ts';

/** Ended jobs that can be queued again. */
const RETRY_STATES: readonly JobState[] = ['failed', 'cancelled', 'interrupted'];

export function isActive({ state }: Job): boolean {
	return state === 'queued' || state === 'running';
}

/** It went wrong, and whoever sees it may do something about it. */
export function needsLook({ state }: Job): boolean {
	return state === 'failed' || state === 'interrupted' || state === 'unknown';
}

export function canRetry({ state }: Job): boolean {
	return RETRY_STATES.includes(state);
}

/** Describes the stage of a job: "layers, layer 5 of 0–15, window 2 of 8". Layers are counted from 0. */
export function placeOf({ state, progress }: Job): string {
	if (state === 'queued') return 'waiting for its turn';
	if (progress === null) return 'starting';
	const { stage, layer, layers, window, windows, counted = 'window' } = progress;
	return [
		stage,
		...(layer === null ? [] : [`layer ${layer} of 0–${layers - 1}`]),
		...(windows === 0 ? [] : [`${counted} ${Math.min(window + 1, windows)} of ${windows}`])
	].join(', ');
}

/**
 * Returns the jobs to list: those that wait, run or went wrong. Of those that are done it keeps only the ones that
 * ended while this page was open, because their runs are in the table below.
 */
export function shownJobs(jobs: readonly Job[], seenActive: ReadonlySet<string>): Job[] {
	return jobs.filter((job) => job.state !== 'done' || seenActive.has(job.id));
}
