import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Damage } from '$analysis/measure/damage/types.ts';
import { ProgressFile, progressFileIn, progressHeader } from '$analysis/measure/lossFile.ts';
import { resumedBy } from '$analysis/measure/torchFlags.ts';
import { writeTinyCheckpoint } from '../../../tests/builders/checkpoint.ts';
import { measureDamage } from '../../../tests/builders/opened.ts';
import { damageOfJob } from './damageSoFar.ts';
import type { Workbench } from './workbench.ts';

const LAYERS = 3;
const documents = [{ name: 'a.txt', text: 'the sea and the rain on the sand. '.repeat(30) }];
const asked = { context: 16, windows: 2, maxSpan: 3 };
let home: string;
let damage: Damage;
beforeAll(async () => {
	home = await mkdtemp(join(tmpdir(), 'spanwise-so-far-'));
	const modelFolder = join(home, 'tiny');
	await writeTinyCheckpoint(modelFolder, { config: { num_hidden_layers: LAYERS } });
	damage = await measureDamage(
		{ modelFolder, documents, ...asked, memoryLimitBytes: 2e9, home, progressFile: null },
		{ onProgress: () => undefined }
	);
});
afterAll(() => rm(home, { recursive: true }));

/** The server's parts that are asked, with a running job of this kind that has named this file. */
function withJob(kind: string, progressFile: string | null) {
	const { windows } = asked;
	const record = {
		job: { run: 'a-run', estimate: { windows } },
		// Nothing of the model lies where the server could read it.
		request: { kind, modelFolder: join(home, 'none.gguf'), ...asked }
	};
	const reach = Array.from({ length: LAYERS }, () => null);
	return {
		jobs: { running: () => ({ record, progressFile }) },
		runs: { record: () => Promise.resolve({ model: { name: 'tiny', reach } }) }
	} as unknown as Workbench;
}

describe('the damage of a running job', () => {
	it('is read from the file that its measurement writes: at the end, what the measurement says', async () => {
		const { results, drops, pairs } = await damageOfJob(
			'a',
			withJob('damage', damage.progressFile)
		);
		expect(results.found).toBe(results.all);
		expect(drops.map(({ loss }) => loss)).toEqual(damage.report.drop);
		expect(pairs.map(({ loss, output }) => [loss, output])).toEqual(
			damage.report.pairs.map(({ loss, output }) => [loss, output])
		);
	});
	it('is read from the file of another engine too', async () => {
		const header = progressHeader({
			...{ model: 'ff', tokenizer: 'ee', texts: ['dd'], ...asked },
			...resumedBy({ device: 'cuda', dtype: 'bfloat16' })
		});
		const file = await ProgressFile.open(progressFileIn(home, 'none', header), header);
		await file.add({ window: 0, case: 'baseline', loss: 3 });
		await file.add({ window: 0, case: 'drop 1', loss: 3.5 });
		await file.close();
		const { results, drops } = await damageOfJob('a', withJob('damage', file.path));
		expect(results.found).toBe(2);
		expect(drops.map(({ loss }) => loss)).toEqual([null, 0.5, null]);
	});
	it('is none before the job has named its file, and before the file is there', async () => {
		for (const file of [null, join(home, 'none.jsonl')]) {
			expect((await damageOfJob('a', withJob('damage', file))).results.found).toBe(0);
		}
	});
	it('is refused for a job of another kind', async () => {
		await expect(damageOfJob('a', withJob('search', null))).rejects.toThrow(
			'job a: measures no damage'
		);
	});
});
