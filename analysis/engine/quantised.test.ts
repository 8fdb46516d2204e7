import { readdirSync } from 'node:fs';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { plainLoss } from '../../tests/builders/plainLoss.ts';
import { canMap } from '../graph/stored.ts';
import { openCheckpoint } from '../model/checkpoint/open.ts';

/** Loss of transformers' plain model with the weights dequantised; make.py beside the checkpoints made both. */
interface Reference {
	ids: number[];
	loss: number;
}

const FOLDER = 'tests/fixtures/quantised';
const cases = readdirSync(FOLDER, { withFileTypes: true })
	.filter((entry) => entry.isDirectory())
	.map((entry) => entry.name);

it.each(cases)(
	'%s has the loss that transformers has with its weights dequantised',
	async (name) => {
		const { ids, loss } = await referenceOf(name);
		const checkpoint = await openCheckpoint(join(FOLDER, name));
		expect(canMap(checkpoint)).toBe(false);
		expect(Math.abs((await plainLoss(checkpoint, ids)) - loss)).toBeLessThan(1e-5);
	}
);

it.each(cases)(
	'%s uses its own head where config.json says that it is tied to the embedding',
	async (name) => {
		const folder = await mkdtemp(join(tmpdir(), 'spanwise-head-'));
		onTestFinished(() => rm(folder, { recursive: true }));
		await cp(join(FOLDER, name), folder, { recursive: true });
		const config = JSON.parse(await readFile(join(folder, 'config.json'), 'utf8')) as object;
		const tied = { ...config, tie_word_embeddings: true };
		await writeFile(join(folder, 'config.json'), JSON.stringify(tied));
		const { ids, loss } = await referenceOf(name);
		const checkpoint = await openCheckpoint(folder);
		expect(checkpoint.notes.join()).toContain('the checkpoint has lm_head.weight of its own');
		expect(Math.abs((await plainLoss(checkpoint, ids)) - loss)).toBeLessThan(1e-5);
	}
);

async function referenceOf(name: string): Promise<Reference> {
	return JSON.parse(await readFile(join(FOLDER, name, 'reference.json'), 'utf8')) as Reference;
}
