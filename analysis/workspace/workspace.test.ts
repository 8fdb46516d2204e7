import { describe, expect, it } from 'vitest';
import { newRunId, workspaceAt, workspaceHome } from './workspace.ts';

describe('workspaceHome', () => {
	it('is --home, else SPANWISE_HOME, else .spanwise, from the working directory', () => {
		const env = { SPANWISE_HOME: 'there' };
		expect(workspaceHome({ home: 'here', env, cwd: '/w' })).toBe('/w/here');
		expect(workspaceHome({ env, cwd: '/w' })).toBe('/w/there');
		expect(workspaceHome({ env: {}, cwd: '/w' })).toBe('/w/.spanwise');
		expect(workspaceHome({ env: { SPANWISE_HOME: '' }, cwd: '/w' })).toBe('/w/.spanwise');
		expect(workspaceHome({ home: '/elsewhere', env, cwd: '/w' })).toBe('/elsewhere');
	});
	it('holds runs, results, trainings, labels, cache and jobs', () => {
		expect(workspaceAt('/w')).toEqual({
			home: '/w',
			runs: '/w/runs',
			labels: '/w/labels',
			results: '/w/results',
			dynamics: '/w/dynamics',
			cache: '/w/cache',
			jobs: '/w/jobs.json'
		});
	});
});

describe('newRunId', () => {
	const date = new Date('2026-11-23T06:15:03.999Z');
	it('is the model, the time in UTC and four hex digits', () => {
		expect(newRunId('mini-llama2', date)).toMatch(/^mini-llama2-20261123-061503-[0-9a-f]{4}$/);
	});
	it('is a plain folder name whatever the model is called', () => {
		expect(newRunId('Org/Some Model_7B', date)).toMatch(/^org-some-model-7b-20261123-/);
		expect(newRunId('../..', date)).toMatch(/^model-20261123-/);
		expect(newRunId('x'.repeat(200), date)).toHaveLength(40 + 21);
	});
	it('differs between runs of the same second', () => {
		const ids = new Set(Array.from({ length: 20 }, () => newRunId('m', date)));
		expect(ids.size).toBeGreaterThan(10);
	});
});
