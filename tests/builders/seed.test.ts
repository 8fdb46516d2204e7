import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { measurements } from '../../analysis/measure/lookup.ts';
import { listResults } from '../../analysis/measure/results/folder.ts';
import { listRuns } from '../../analysis/workspace/run/list.ts';
import { seedWorkspace } from './seed.ts';

it('a seed holds a run and a result of every kind that the program can read, and is written once', async () => {
	const home = await mkdtemp(join(tmpdir(), 'spanwise-seed-'));
	try {
		await seedWorkspace(home, ['mini-llama2']);
		expect((await listRuns(home)).map(({ problem }) => problem)).toEqual([null]);
		const results = await listResults(home);
		expect(results.map(({ problem }) => problem)).toEqual(measurements().map(() => null));
		expect(results.map(({ summary }) => summary?.kind).sort()).toEqual(
			measurements()
				.map(({ kind }) => kind)
				.sort()
		);
		await expect(seedWorkspace(home, ['mini-llama2'])).rejects.toThrow('exists');
	} finally {
		await rm(home, { recursive: true });
	}
});
