import type { Job, JobKind, JobState } from '../client/api.ts';

/** Ended jobs that can be queued again. */
const RETRY_STATES: readonly JobState[] = ['failed', 'cancelled', 'interrupted'];

export function isActive({ state }: Job): boolean {
	return state === 'queued' || state === 'running';
}

export function canRetry({ state }: Job): boolean {
	return RETRY_STATES.includes(state);
}

/** What a job does, in a word. */
export const KIND_WORDS: Readonly<Record<JobKind, string>> = {
	analyze: 'analysis',
	damage: 'damage map',
	evaluate: 'evaluation',
	search: 'search',
	bench: 'deployment'
};

/** Where what a job made is shown, and what the link says; null: it has made nothing yet. */
export function madeBy({ state, kind, run, result }: Job): { href: string; words: string } | null {
	if (state !== 'done' || run === null) return null;
	if (kind === 'analyze') return { href: `/runs/${run}`, words: 'Open the run' };
	if (result === null) return null;
	switch (kind) {
		case 'damage':
			return { href: `/runs/${run}?map=damage`, words: 'Open the damage map' };
		case 'evaluate':
			return { href: `/runs/${run}?tab=evaluate&eval=${result}`, words: 'Open the evaluation' };
		case 'search':
			return { href: `/runs/${run}?tab=search&found=${result}`, words: 'Open the search' };
		case 'bench':
			return {
				href: `/runs/${run}?tab=evaluate&bench=${result}#deployment`,
				words: 'Open the measurement'
			};
	}
}

/** What a job runs, in words: "8 × 512 tokens of walden", or of a bench "5 rounds a side, 512 tokens of prompt". */
export function extentWords({ kind, state, windows, context, texts }: Job): string {
	if (state === 'unknown') return '';
	return kind === 'bench'
		? `${windows} ${windows === 1 ? 'round' : 'rounds'} a side, ${context} tokens of prompt`
		: `${windows} × ${context} tokens of ${texts.join(', ')}`;
}

/** Where a job is, in words: "layers, layer 5 of 16, window 2 of 8". Layers are counted from 0. */
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
 * What the list shows: jobs that wait, run or went wrong; of those that are done only the ones that ended
 * while this page was open, because their runs are in the table below.
 */
export function shownJobs(jobs: readonly Job[], seenActive: ReadonlySet<string>): Job[] {
	return jobs.filter((job) => job.state !== 'done' || seenActive.has(job.id));
}
