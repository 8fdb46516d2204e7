import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { dynamicsIds, readDynamics } from '../../analysis/compare/storedDynamics.ts';
import { resultKinds } from '../../analysis/measure/lookup.ts';
import { listResults } from '../../analysis/measure/results/folder.ts';
import { listRuns } from '../../analysis/workspace/run/list.ts';
import { readLabels } from '../../analysis/workspace/labels/files.ts';
import { seedLabels, seedWorkspace } from './seed.ts';

it('a seed holds a run and a result of every kind that the program can read, and is written once', async () => {
	const home = await mkdtemp(join(tmpdir(), 'spanwise-seed-'));
	try {
		const seeded = await seedWorkspace(home, ['mini-llama2']);
		await seedLabels(home, seeded);
		expect((await listRuns(home)).map(({ problem }) => problem)).toEqual([null]);
		const results = await listResults(home);
		expect(results.map(({ problem }) => problem)).toEqual(resultKinds().map(() => null));
		expect(results.map(({ summary }) => summary?.kind).sort()).toEqual(
			resultKinds()
				.map(({ kind }) => kind)
				.sort()
		);
		const { labels, problems } = await readLabels(home);
		expect([Object.keys(labels.runs), problems]).toEqual([[seeded[0].run], []]);
		const [training] = await dynamicsIds(home);
		expect((await readDynamics(home, training)).dynamics.steps.at(-1)?.run).toBe(seeded[0].run);
		await expect(seedWorkspace(home, ['mini-llama2'])).rejects.toThrow('exists');
	} finally {
		await rm(home, { recursive: true });
	}
});
