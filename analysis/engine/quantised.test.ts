import { readdirSync } from 'node:fs';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { canMap } from '../graph/stored.ts';
import { openCheckpoint } from '../model/checkpoint/open.ts';
import { WeightReader } from '../model/checkpoint/read.ts';
import type { Checkpoint } from '../model/checkpoint/types.ts';
import { ForwardPass } from './forward.ts';
import { LanguageHead } from './head.ts';
import { allocateWindow, attentionLayout } from './layout.ts';
import { WeightSource } from './weights.ts';

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
		expect(Math.abs((await lossOf(checkpoint, ids)) - loss)).toBeLessThan(1e-5);
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
		expect(Math.abs((await lossOf(checkpoint, ids)) - loss)).toBeLessThan(1e-5);
	}
);

async function referenceOf(name: string): Promise<Reference> {
	return JSON.parse(await readFile(join(FOLDER, name, 'reference.json'), 'utf8')) as Reference;
}

/** Mean loss of one window, in nats/token. */
async function lossOf(checkpoint: Checkpoint, ids: readonly number[]): Promise<number> {
	const { config } = checkpoint;
	const layout = attentionLayout(config, ids.length);
	const reader = new WeightReader();
	const weights = new WeightSource(checkpoint, reader, { resident: false, hasher: null });
	const forward = new ForwardPass(config, layout, weights);
	const head = await LanguageHead.open(config, layout.context, weights);
	const state = await forward.start(ids, allocateWindow(layout));
	await forward.run([state]);
	const [losses] = await head.losses([{ hidden: state.hidden, ids }]);
	await forward.release();
	await head.release();
	await weights.release();
	await reader.close();
	return losses.reduce((sum, each) => sum + each, 0) / losses.length;
}
