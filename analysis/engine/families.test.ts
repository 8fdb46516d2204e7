import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openCheckpoint } from '../model/checkpoint/open.ts';
import { WeightReader } from '../model/checkpoint/read.ts';
import { widestReach, type QueryBlock } from '../graph/blocks.ts';
import { ForwardPass } from './forward.ts';
import { LanguageHead } from './head.ts';
import {
	allocateWindow,
	attentionLayout,
	squareAttention,
	type AttentionLayout
} from './layout.ts';
import { WeightSource } from './weights.ts';

/** Figures of Hugging Face transformers on tiny random checkpoints; make.py beside them made both. */
interface Reference {
	ids: number[];
	loss: number;
	logits: number[];
	attention: number[][];
}

const FOLDER = 'tests/fixtures/families';
const families = readdirSync(FOLDER, { withFileTypes: true })
	.filter((entry) => entry.isDirectory())
	.map((entry) => entry.name);

/** Short blocks, so that a window of 24 tokens has many, some of them beyond the reach of a sliding window. */
function inBlocksOf(
	length: number,
	layout: AttentionLayout,
	reach: number | null
): AttentionLayout {
	const blocks: QueryBlock[] = [];
	for (let queryStart = 0; queryStart < layout.context; queryStart += length) {
		const queryCount = Math.min(length, layout.context - queryStart);
		const keyStart = reach === null ? 0 : Math.max(0, queryStart - reach + 1);
		blocks.push({ queryStart, queryCount, keyStart, keyCount: queryStart + queryCount - keyStart });
	}
	return { ...layout, blocks };
}

async function run(family: string, blockLength: number | null, resident: boolean) {
	const reference = JSON.parse(
		await readFile(join(FOLDER, family, 'reference.json'), 'utf8')
	) as Reference;
	const checkpoint = await openCheckpoint(join(FOLDER, family));
	const { config } = checkpoint;
	const whole = attentionLayout(config, reference.ids.length);
	const layout =
		blockLength === null ? whole : inBlocksOf(blockLength, whole, widestReach(config.reach));
	const reader = new WeightReader();
	const weights = new WeightSource(checkpoint, reader, { resident, hasher: null });
	const forward = new ForwardPass(config, layout, weights);
	const head = await LanguageHead.open(config, layout.context, weights);
	const attention = allocateWindow(layout);
	const state = await forward.start(reference.ids, attention);
	await forward.run([state]);
	const [losses] = await head.losses([{ hidden: state.hidden, ids: reference.ids }]);
	const logits = await head.lastLogits(state.hidden);
	await forward.release();
	await head.release();
	await weights.release();
	await reader.close();
	return { reference, config, layout, attention, losses, logits };
}

function worstDifference(actual: ArrayLike<number>, expected: number[]): number {
	return expected.reduce(
		(worst, value, index) => Math.max(worst, Math.abs(value - actual[index])),
		actual.length === expected.length ? 0 : Infinity
	);
}

it('covers every supported architecture', () => {
	expect(families.map((name) => name.split('-')[0])).toEqual(
		expect.arrayContaining(['llama', 'mistral', 'qwen2', 'qwen3'])
	);
});

describe.each(families)('%s', (family) => {
	it.each([
		[null, 'in memory'],
		[5, 'in memory'],
		[null, 'streamed'],
		[5, 'streamed'],
		[8, 'streamed']
	] as const)(
		'agrees with transformers, query blocks of %s, weights %s',
		async (blockLength, place) => {
			const { reference, config, layout, attention, losses, logits } = await run(
				family,
				blockLength,
				place === 'in memory'
			);
			const loss = losses.reduce((sum, value) => sum + value, 0) / losses.length;
			expect(Math.abs(loss - reference.loss)).toBeLessThan(1e-4);
			expect(worstDifference(logits, reference.logits)).toBeLessThan(1e-3);
			for (let layer = 0; layer < config.layers; layer++) {
				const square = squareAttention(layout, attention, layer);
				expect(worstDifference(square, reference.attention[layer])).toBeLessThan(1e-5);
			}
		}
	);
});
