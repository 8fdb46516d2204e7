import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openCheckpoint } from '../model/checkpoint/open.ts';
import { WeightReader } from '../model/checkpoint/read.ts';
import { similarityMatrix } from '../similarity/measure.ts';
import type { ViewSums } from '../similarity/types.ts';
import { ForwardPass } from './forward.ts';
import { LanguageHead } from './head.ts';
import { allocateWindow, attentionLayout, squareAttention } from './layout.ts';
import { StatisticsPass } from './statistics.ts';
import { WeightSource } from './weights.ts';

/** Figures of Hugging Face transformers, eager attention in float32; see the file's own `about`. */
interface Reference {
	ids: number[];
	nll: number;
	logits_last: number[];
	cos_flat: number[][];
	cos_mean: number[][];
	js: number[][];
	cos_head_block_0_1: number[][];
	attn_rows: Record<string, number[]>;
	shared: Record<string, number>;
}

async function open(model: string) {
	const checkpoint = await openCheckpoint(`models/${model}`);
	const { config } = checkpoint;
	const text = await readFile(`tests/fixtures/reference/${model}.json`, 'utf8');
	const reference = JSON.parse(text) as Reference;
	const reader = new WeightReader();
	const weights = new WeightSource(checkpoint, reader, { resident: true, hasher: null });
	const layout = attentionLayout(config, reference.ids.length);
	const forward = new ForwardPass(config, layout, weights);
	const head = await LanguageHead.open(config, layout.context, weights);
	return { config, reference, reader, weights, layout, forward, head };
}

/** The query whose attention rows the reference holds. */
const QUERY = 100;

function mean(values: Float64Array): number {
	return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function expectClose(actual: ArrayLike<number>, expected: number[], tolerance: number): void {
	expect(actual.length).toBe(expected.length);
	let worst = 0;
	expected.forEach((value, index) => {
		worst = Math.max(worst, Math.abs(value - actual[index]));
	});
	expect(worst).toBeLessThanOrEqual(tolerance);
}

describe.each(['mini-llama2', 'mini-llama3'])('%s against transformers', (model) => {
	let opened: Awaited<ReturnType<typeof open>>;
	beforeAll(async () => {
		opened = await open(model);
	});
	afterAll(async () => {
		await opened.forward.release();
		await opened.head.release();
		await opened.reader.close();
	});

	it('agrees on loss to 1e-4 and on logits to 1e-3', async () => {
		const { reference, forward, head } = opened;
		const state = await forward.start(reference.ids, null);
		await forward.run([state]);
		const [losses] = await head.losses([{ hidden: state.hidden, ids: reference.ids }]);
		expect(Math.abs(mean(losses) - reference.nll)).toBeLessThanOrEqual(1e-4);
		expectClose(await head.lastLogits(state.hidden), reference.logits_last, 1e-3);
	});

	it('agrees on every similarity to 1e-4 and on attention rows to 1e-5', async () => {
		const { config, reference, forward, layout } = opened;
		const attention = allocateWindow(layout);
		await forward.run([await forward.start(reference.ids, attention)]);
		const pass = await StatisticsPass.open(layout, {
			views: ['all'],
			gram: true,
			sqrt: false,
			jsQueries: 'all',
			windowCount: 1
		});
		await pass.add(attention);
		const { sums } = await pass.finish();
		await pass.release();
		const all: ViewSums = {
			...sums[0],
			layers: config.layers,
			heads: config.heads,
			windowCount: 1
		};
		expectClose(similarityMatrix(all, 'cosine'), reference.cos_flat.flat(), 1e-4);
		expectClose(similarityMatrix(all, 'cosine-mean'), reference.cos_mean.flat(), 1e-4);
		const divergence = reference.js.flat().map((js) => 1 - Math.sqrt(js / Math.LN2));
		expectClose(similarityMatrix(all, 'js'), divergence, 1e-4);
		for (const [place, row] of Object.entries(reference.attn_rows)) {
			const [layer, headIndex] = place.split('.').map(Number);
			const square = squareAttention(layout, attention, layer);
			const start = (headIndex * layout.context + QUERY) * layout.context;
			expectClose(square.subarray(start, start + layout.context), row, 1e-5);
		}
	});

	it('agrees on the loss of shared spans to 1e-4', async () => {
		const { config, reference, forward, layout, head } = opened;
		for (const [span, expected] of Object.entries(reference.shared)) {
			const [source, last] = span.split('-').map(Number);
			const sources = Array.from({ length: config.layers }, (_, layer) =>
				layer > source && layer <= last ? source : layer
			);
			const state = await forward.start(reference.ids, allocateWindow(layout));
			await forward.run([state], { sources });
			const [losses] = await head.losses([{ hidden: state.hidden, ids: reference.ids }]);
			expect(Math.abs(mean(losses) - expected)).toBeLessThanOrEqual(1e-4);
		}
	});
});
