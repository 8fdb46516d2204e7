import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { canMap } from '../graph/stored.ts';
import { openCheckpoint } from '../model/checkpoint/open.ts';
import { WeightReader } from '../model/checkpoint/read.ts';
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
		const text = await readFile(join(FOLDER, name, 'reference.json'), 'utf8');
		const { ids, loss } = JSON.parse(text) as Reference;
		const checkpoint = await openCheckpoint(join(FOLDER, name));
		expect(canMap(checkpoint)).toBe(false);
		const { config } = checkpoint;
		const layout = attentionLayout(config, ids.length);
		const reader = new WeightReader();
		const weights = new WeightSource(checkpoint, reader, { resident: false, hasher: null });
		const forward = new ForwardPass(config, layout, weights);
		const head = await LanguageHead.open(config, layout.context, weights);
		const state = await forward.start(ids, allocateWindow(layout));
		await forward.run([state]);
		const [losses] = await head.losses([{ hidden: state.hidden, ids }]);
		const mean = losses.reduce((sum, each) => sum + each, 0) / losses.length;
		expect(Math.abs(mean - loss)).toBeLessThan(1e-5);
		await forward.release();
		await head.release();
		await weights.release();
		await reader.close();
	}
);
