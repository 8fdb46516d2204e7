import { describe, expect, it } from 'vitest';
import { ownOf, parseShard, rangeOf, scheduledTask } from './shard.ts';

describe('a shard', () => {
	it('is an index from 0 and a count', () => {
		expect(parseShard('2/4', {})).toEqual({ index: 2, count: 4 });
	});

	it('takes index and count from Slurm, and its index from Kubernetes', () => {
		const slurm = { SLURM_ARRAY_TASK_ID: '1', SLURM_ARRAY_TASK_COUNT: '3' };
		expect(parseShard('auto', slurm)).toEqual({ index: 1, count: 3 });
		expect(parseShard('auto/8', slurm)).toEqual({ index: 1, count: 8 });
		expect(parseShard('auto/8', { JOB_COMPLETION_INDEX: '7' })).toEqual({ index: 7, count: 8 });
	});

	it.each([
		['4/4', {}, 'shards count from 0, so the last is 3'],
		['1', {}, 'expected index/count from 0'],
		['-1/4', {}, 'expected index/count from 0'],
		['/4', {}, 'expected index/count from 0'],
		['0/0', {}, '0 shards; allowed: 1 to'],
		['auto', {}, 'neither SLURM_ARRAY_TASK_ID nor JOB_COMPLETION_INDEX is set'],
		['auto/4', { SLURM_ARRAY_TASK_ID: '' }, 'SLURM_ARRAY_TASK_ID is ""; expected a whole number'],
		['auto/4', { JOB_COMPLETION_INDEX: '' }, 'JOB_COMPLETION_INDEX is ""'],
		['auto', { SLURM_ARRAY_TASK_ID: '1' }, 'SLURM_ARRAY_TASK_COUNT is ""'],
		['auto', { JOB_COMPLETION_INDEX: '1' }, 'give --shard auto/COUNT'],
		// An array from 1 on, or one task of it submitted again: its count is not that of the shards.
		['auto', { SLURM_ARRAY_TASK_ID: '3', SLURM_ARRAY_TASK_COUNT: '3' }, '--array=0-2'],
		['auto', { SLURM_ARRAY_TASK_ID: '3', SLURM_ARRAY_TASK_COUNT: '1' }, '--array=0-0']
	])('%s with %j is refused', (text, env, message) => {
		expect(() => parseShard(text, env)).toThrow(message);
	});

	it('knows an array job that asked for no shards', () => {
		expect(scheduledTask({ SLURM_ARRAY_TASK_ID: '2' })).toBe('SLURM_ARRAY_TASK_ID=2');
		expect(scheduledTask({ SLURM_ARRAY_TASK_ID: '' })).toBeNull();
		expect(scheduledTask({})).toBeNull();
	});
});

describe('the windows of shards', () => {
	it.each([1, 2, 3, 5, 8])('%i shards have each of 5 windows once, in order', (count) => {
		const all = Array.from({ length: count }, (_, index) =>
			ownOf([0, 1, 2, 3, 4], { index, count })
		);
		expect(all.flat()).toEqual([0, 1, 2, 3, 4]);
		const sizes = all.map(({ length }) => length);
		expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
	});

	it('are all without a shard', () => {
		expect(ownOf(['a', 'b'], undefined)).toEqual(['a', 'b']);
		expect(rangeOf(5, { index: 1, count: 2 })).toEqual({ from: 2, to: 5 });
	});
});
