import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ARCHITECTURES } from '../model/checkpoint/families.ts';
import { openCheckpoint } from '../model/checkpoint/open.ts';
import { WeightReader } from '../model/checkpoint/read.ts';
import { widestSlidingWindow, type QueryBlock } from '../graph/blocks.ts';
import { CapturePass } from './capturePass.ts';
import { ForwardPass } from './forward.ts';
import { LanguageHead } from './head.ts';
import {
	allocateSource,
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
	/** Per layer, of each head and query the keys up to it. */
	attention: number[][];
	/** A plan, and its loss by the PyTorch engine. */
	planned: { sources: (number | null)[]; loss: number };
}

const FOLDER = 'tests/fixtures/families';
const families = readdirSync(FOLDER, { withFileTypes: true })
	.filter((entry) => entry.isDirectory())
	.map((entry) => entry.name);

async function referenceOf(family: string): Promise<Reference> {
	return JSON.parse(await readFile(join(FOLDER, family, 'reference.json'), 'utf8')) as Reference;
}

function mean(values: Float64Array): number {
	return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Short blocks, so that a window of 24 tokens has many, some of them beyond a sliding window. */
function inBlocksOf(
	length: number,
	layout: AttentionLayout,
	slidingWindow: number | null
): AttentionLayout {
	const blocks: QueryBlock[] = [];
	for (let queryStart = 0; queryStart < layout.context; queryStart += length) {
		const queryCount = Math.min(length, layout.context - queryStart);
		const keyStart = slidingWindow === null ? 0 : Math.max(0, queryStart - slidingWindow + 1);
		blocks.push({ queryStart, queryCount, keyStart, keyCount: queryStart + queryCount - keyStart });
	}
	return { ...layout, blocks };
}

/** A layer's [heads, S, S] as the reference has it. */
function triangles(square: Float32Array, heads: number, tokens: number): number[] {
	const found: number[] = [];
	for (let row = 0; row < heads * tokens; row++) {
		const keys = (row % tokens) + 1;
		found.push(...square.subarray(row * tokens, row * tokens + keys));
	}
	return found;
}

async function run(family: string, blockLength: number | null, resident: boolean) {
	const reference = await referenceOf(family);
	const checkpoint = await openCheckpoint(join(FOLDER, family));
	const { config } = checkpoint;
	const whole = attentionLayout(config, reference.ids.length);
	const layout =
		blockLength === null
			? whole
			: inBlocksOf(blockLength, whole, widestSlidingWindow(config.slidingWindows));
	const reader = new WeightReader();
	const weights = new WeightSource(checkpoint, reader, { resident, hasher: null });
	const forward = new ForwardPass(config, layout, weights);
	const head = await LanguageHead.open(config, layout.context, weights);
	const attention = allocateWindow(layout);
	const state = await forward.start(reference.ids, attention);
	await forward.run([state]);
	const [losses] = await head.losses([{ hidden: state.hidden, ids: reference.ids }]);
	const logits = await head.lastLogits(state.hidden);
	const { sources } = reference.planned;
	const shared = await forward.start(reference.ids, allocateSource(layout, sources));
	await forward.run([shared], { sources });
	const [planned] = await head.losses([{ hidden: shared.hidden, ids: reference.ids }]);
	await forward.release();
	await head.release();
	await weights.release();
	await reader.close();
	return { reference, config, layout, attention, losses, logits, planned };
}

function worstDifference(actual: ArrayLike<number>, expected: number[]): number {
	return expected.reduce(
		(worst, value, index) => Math.max(worst, Math.abs(value - actual[index])),
		actual.length === expected.length ? 0 : Infinity
	);
}

it('covers every supported architecture', async () => {
	const found = await Promise.all(
		families.map(async (family) => (await openCheckpoint(join(FOLDER, family))).config.architecture)
	);
	expect([...new Set(found)].toSorted()).toEqual(ARCHITECTURES.toSorted());
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
			const { reference, config, layout, attention, losses, logits, planned } = await run(
				family,
				blockLength,
				place === 'in memory'
			);
			expect(Math.abs(mean(losses) - reference.loss)).toBeLessThan(1e-5);
			expect(worstDifference(logits, reference.logits)).toBeLessThan(1e-4);
			for (let layer = 0; layer < config.layers; layer++) {
				const square = squareAttention(layout, attention, layer);
				const found = triangles(square, config.heads, layout.context);
				expect(worstDifference(found, reference.attention[layer])).toBeLessThan(1e-5);
			}
			expect(Math.abs(mean(planned) - reference.planned.loss)).toBeLessThan(1e-5);
		}
	);

	it('agrees with transformers as one graph that holds the model', async () => {
		const reference = await referenceOf(family);
		const checkpoint = await openCheckpoint(join(FOLDER, family));
		const layout = attentionLayout(checkpoint.config, reference.ids.length);
		const reader = new WeightReader();
		const weights = new WeightSource(checkpoint, reader, { resident: true, hasher: null });
		const request = {
			...{ views: ['all' as const], gram: true, sqrt: false },
			...{ jsQueries: null, windowCount: 1 }
		};
		const pass = await CapturePass.open(checkpoint, layout, request, weights);
		const losses = await pass.add(reference.ids, 0);
		const { sums } = await pass.finish();
		expect(Math.abs(mean(losses) - reference.loss)).toBeLessThan(1e-5);
		const { layers, heads } = checkpoint.config;
		const rows = reference.attention.flatMap((layer) => inHeads(layer, heads));
		const gram = rows.flatMap((one) => rows.map((other) => dot(one, other)));
		expect(gram).toHaveLength((layers * heads) ** 2);
		expect(worstDifference(sums[0].gram ?? [], gram)).toBeLessThan(1e-4);
		await pass.release();
		await weights.release();
		await reader.close();
	});
});

function inHeads(values: readonly number[], heads: number): number[][] {
	const each = values.length / heads;
	return Array.from({ length: heads }, (_, head) => values.slice(head * each, (head + 1) * each));
}

function dot(one: readonly number[], other: readonly number[]): number {
	return one.reduce((sum, value, at) => sum + value * other[at], 0);
}
