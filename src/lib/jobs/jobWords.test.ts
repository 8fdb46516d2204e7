import { expect, it } from 'vitest';
import type { Job } from '../client/api.ts';
import { canRetry, placeOf, shownJobs } from './jobWords.ts';

const job: Job = {
	id: '1',
	kind: 'analyze',
	name: 'analysis',
	extent: '4 × 8 tokens of t',
	state: 'running',
	model: 'm',
	texts: ['t'],
	context: 8,
	windows: 4,
	createdAt: '2026-01-01T00:00:00Z',
	progress: {
		stage: 'layers',
		layer: 5,
		layers: 16,
		window: 1,
		windows: 4,
		fraction: 0.3,
		secondsElapsed: 1,
		secondsLeft: 2,
		rssBytes: 1,
		tokens: 8
	},
	estimate: null,
	run: null,
	result: null,
	reason: null,
	telemetry: null
};

it('says stage, layer and window, layers counted from 0 and windows from 1', () => {
	expect(placeOf(job)).toBe('layers, layer 5 of 0–15, window 2 of 4');
});
it('counts no window beyond the last when all are done', () => {
	const progress = job.progress && { ...job.progress, stage: 'writing', layer: null, window: 4 };
	expect(placeOf({ ...job, progress })).toBe('writing, window 4 of 4');
});
it('says what a job without progress does', () => {
	expect(placeOf({ ...job, progress: null })).toBe('starting');
	expect(placeOf({ ...job, state: 'queued', progress: null })).toBe('waiting for its turn');
});
it('lets failed, cancelled and interrupted jobs be run again, and no others', () => {
	const states = ['queued', 'running', 'done', 'failed', 'cancelled', 'interrupted'] as const;
	expect(states.filter((state) => canRetry({ ...job, state }))).toEqual([
		'failed',
		'cancelled',
		'interrupted'
	]);
});
it('shows a done job only where it was seen running', () => {
	const done: Job = { ...job, id: '2', state: 'done' };
	expect(shownJobs([job, done], new Set()).map(({ id }) => id)).toEqual(['1']);
	expect(shownJobs([job, done], new Set(['2'])).map(({ id }) => id)).toEqual(['1', '2']);
});
