import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Damage } from '$analysis/measure/damage/types.ts';
import { writeTinyCheckpoint } from '../../../tests/builders/checkpoint.ts';
import { damageOfJob } from './damageSoFar.ts';
import type { Workbench } from './workbench.ts';
import { measureDamage } from '../../../tests/builders/opened.ts';

const LAYERS = 3;
const documents = [{ name: 'a.txt', text: 'the sea and the rain on the sand. '.repeat(30) }];
const asked = { context: 16, windows: 2, maxSpan: 3 };
let home: string;
let modelFolder: string;
let damage: Damage;
beforeAll(async () => {
	home = await mkdtemp(join(tmpdir(), 'spanwise-so-far-'));
	modelFolder = join(home, 'tiny');
	await writeTinyCheckpoint(modelFolder, { config: { num_hidden_layers: LAYERS } });
	damage = await measureDamage(
		{ modelFolder, documents, ...asked, memoryLimitBytes: 2e9, home, progressFile: null },
		{ onProgress: () => undefined }
	);
});
afterAll(() => rm(home, { recursive: true }));

/** The server's parts that are asked, with a running job of this kind. */
function withJob(kind: string, texts = documents) {
	const { context, windows } = damage;
	const record = {
		job: { run: 'a-run', estimate: { context, windows } },
		request: { kind, modelFolder, modelHash: damage.model.hash, ...asked }
	};
	const reach = Array.from({ length: LAYERS }, () => null);
	return {
		jobs: { running: () => Promise.resolve({ record, documents: texts }) },
		runs: { record: () => Promise.resolve({ model: { name: 'tiny', reach } }) },
		settings: { home }
	} as unknown as Workbench;
}

describe('the damage of a running job', () => {
	it('is read from the file that its measurement writes: at the end, what the measurement says', async () => {
		const { results, drops, pairs } = await damageOfJob('a', withJob('damage'));
		expect(results.found).toBe(results.all);
		expect(drops.map(({ loss }) => loss)).toEqual(damage.report.drop);
		expect(pairs.map(({ loss, output }) => [loss, output])).toEqual(
			damage.report.pairs.map(({ loss, output }) => [loss, output])
		);
	});
	it('is not that of other texts', async () => {
		const other = [{ name: 'a.txt', text: 'Other words.' }];
		expect((await damageOfJob('a', withJob('damage', other))).results.found).toBe(0);
	});
	it('is not that of another tokenizer', async () => {
		const file = join(modelFolder, 'tokenizer.json');
		const text = await readFile(file, 'utf8');
		await writeFile(file, `${text}\n`);
		expect((await damageOfJob('a', withJob('damage'))).results.found).toBe(0);
		await writeFile(file, text);
		expect((await damageOfJob('a', withJob('damage'))).results.found).toBeGreaterThan(0);
	});
	it('is refused for a job of another kind', async () => {
		await expect(damageOfJob('a', withJob('search'))).rejects.toThrow('job a: measures no damage');
	});
});
