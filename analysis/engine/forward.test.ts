import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { writeTinyCheckpoint } from '../../tests/builders/checkpoint.ts';
import { openCheckpoint } from '../model/checkpoint/open.ts';
import { WeightReader } from '../model/checkpoint/read.ts';
import { ForwardPass, type LayerHeadMaps, type LayerSources } from './forward.ts';
import { LanguageHead } from './head.ts';
import {
	allocateSource,
	allocateWindow,
	attentionLayout,
	squareAttention,
	type WindowAttention
} from './layout.ts';
import type { LayerRepairs } from './repair/repairs.ts';
import { WeightSource } from './weights.ts';

const ids = Array.from({ length: 150 }, (_, index) => (index * 37) % 4096);

async function open(resident: boolean) {
	const checkpoint = await openCheckpoint('models/mini-llama2');
	const { config } = checkpoint;
	const reader = new WeightReader();
	const weights = new WeightSource(checkpoint, reader, { resident, hasher: null });
	const layout = attentionLayout(config, ids.length);
	const forward = new ForwardPass(config, layout, weights);
	const head = await LanguageHead.open(config, layout.context, weights);
	return { config, reader, layout, forward, head };
}

let opened: Awaited<ReturnType<typeof open>>;
beforeAll(async () => {
	opened = await open(true);
});
afterAll(async () => {
	await opened.forward.release();
	await opened.head.release();
	await opened.reader.close();
});

async function logits(
	attention: WindowAttention | null,
	sources?: LayerSources,
	headMaps?: LayerHeadMaps,
	repairs?: LayerRepairs
) {
	const state = await opened.forward.start(ids, attention);
	await opened.forward.run([state], { sources, headMaps, repairs });
	return opened.head.lastLogits(state.hidden);
}

it('gives the same logits with and without the tap', async () => {
	expect(await logits(allocateWindow(opened.layout))).toEqual(await logits(null));
});

it('is unchanged by a plan without followers', async () => {
	const own = Array.from({ length: opened.config.layers }, (_, layer) => layer);
	expect(await logits(null, own)).toEqual(await logits(null));
});

it('is changed by a follower, which attends exactly as its source does', async () => {
	const attention = allocateWindow(opened.layout);
	const sources = Array.from({ length: opened.config.layers }, (_, layer) =>
		layer === 5 ? 4 : layer
	);
	expect(await logits(attention, sources)).not.toEqual(await logits(null));
	expect(squareAttention(opened.layout, attention, 5)).toEqual(
		squareAttention(opened.layout, attention, 4)
	);
});

it('needs only the sources of a plan to be kept', async () => {
	const sources = Array.from({ length: opened.config.layers }, (_, layer) =>
		layer === 5 ? 4 : layer
	);
	expect(await logits(allocateWindow(opened.layout, [4]), sources)).toEqual(
		await logits(allocateWindow(opened.layout), sources)
	);
	await expect(logits(allocateWindow(opened.layout, [3]), sources)).rejects.toThrow(
		'layer 4: its attention was not kept'
	);
	await expect(logits(null, sources)).rejects.toThrow(
		'layer 5 reuses layer 4, whose attention was not kept'
	);
});

/** Every layer its own source, but for those named. */
function planOf(changes: Record<number, number | null>): LayerSources {
	return Array.from({ length: opened.config.layers }, (_, layer) =>
		layer in changes ? changes[layer] : layer
	);
}

it('runs all spans of a plan in the buffer of one source', async () => {
	const sources = planOf({ 3: 2, 4: 2, 6: 5, 9: null, 11: 10 });
	const buffer = allocateSource(opened.layout, sources);
	expect(buffer?.blocks.map((block) => block.length)).toEqual(
		allocateWindow(opened.layout, [2]).blocks.map((block) => block.length)
	);
	expect(await logits(buffer, sources)).toEqual(
		await logits(allocateWindow(opened.layout, [2, 5, 10]), sources)
	);
	expect(allocateSource(opened.layout, planOf({ 9: null }))).toBeNull();
});

it('is changed by a head map, but not by the identity', async () => {
	const sources = planOf({ 5: 4 });
	const maps = (map: number[]) => sources.map((_, layer) => (layer === 5 ? map : null));
	const attention = allocateWindow(opened.layout);
	const unmapped = await logits(attention, sources);
	const own = squareAttention(opened.layout, attention, 4);
	expect(await logits(attention, sources, maps([0, 1, 2, 3, 4, 5]))).toEqual(unmapped);

	const turned = [1, 2, 3, 4, 5, 5];
	expect(await logits(attention, sources, maps(turned))).not.toEqual(unmapped);
	const entries = own.length / opened.layout.heads;
	const byHand = turned.flatMap((head) => [...own.subarray(head * entries, (head + 1) * entries)]);
	expect(squareAttention(opened.layout, attention, 5)).toEqual(Float32Array.from(byHand));
});

it('maps heads as permuting the kept probabilities by hand does', async () => {
	const { forward, layout, head } = opened;
	const turned = [5, 3, 4, 0, 2, 2];
	const attention = allocateWindow(layout, [4]);
	const sources = planOf({ 5: 4 });
	const mapped = await logits(
		attention,
		sources,
		planOf({}).map((l) => (l === 5 ? turned : null))
	);

	const byHand = allocateWindow(layout, [4]);
	const state = await forward.start(ids, byHand);
	await forward.run([state], {
		sources,
		onLayer: (layer) => {
			if (layer !== 4) return;
			for (const block of byHand.blocks) {
				const size = block.length / layout.heads;
				const before = Float32Array.from(block);
				turned.forEach((from, to) =>
					block.set(before.subarray(from * size, (from + 1) * size), to * size)
				);
			}
		}
	});
	expect(await head.lastLogits(state.hidden)).toEqual(mapped);
});

it('leaves out a layer of which nothing but the MLP then counts', async () => {
	const attention = allocateWindow(opened.layout);
	const without = await logits(attention, planOf({ 7: null }));
	expect(without).not.toEqual(await logits(null));
	expect(squareAttention(opened.layout, attention, 7).every((value) => value === 0)).toBe(true);
	// Attention that is zero everywhere mixes no values: reusing it adds nothing either.
	const zeros = allocateWindow(opened.layout, [6]);
	const state = await opened.forward.start(ids, zeros);
	await opened.forward.run([state], {
		sources: planOf({ 7: 6 }),
		onLayer: (layer) => {
			if (layer === 6) for (const block of zeros.blocks) block.fill(0);
		}
	});
	expect(await opened.head.lastLogits(state.hidden)).toEqual(without);
});

it('gives a follower the output projection of its repair', async () => {
	const { hidden, heads, headDim } = opened.config;
	const repairs = (o: Float32Array) => new Map([[5, { o, bias: null }]]);
	const zeros = repairs(new Float32Array(hidden * heads * headDim));
	const buffer = allocateWindow(opened.layout, [4]);
	// A block whose output projection is zero puts out nothing: its layer is dropped.
	expect(await logits(buffer, planOf({ 5: 4 }), undefined, zeros)).toEqual(
		await logits(null, planOf({ 5: null }))
	);
	// A layer that is no follower keeps its own.
	expect(await logits(null, planOf({}), undefined, zeros)).toEqual(await logits(null));
	await expect(
		logits(buffer, planOf({ 5: 4 }), undefined, repairs(new Float32Array(7)))
	).rejects.toThrow();
});

it('adds the bias of its repair to every token of a dropped layer', async () => {
	const { hidden } = opened.config;
	const bias = Float32Array.from({ length: hidden }, (_, at) => Math.sin(at));
	const state = await opened.forward.start(ids, null);
	const byHand = await opened.forward.start(ids, null);
	for (const [at, value] of byHand.hidden.entries()) {
		byHand.hidden[at] = Math.fround(value + bias[at % hidden]);
	}
	const repairs = new Map([[0, { o: null, bias }]]);
	await opened.forward.run([state], { sources: planOf({ 0: null }), repairs, last: 0 });
	await opened.forward.run([byHand], { sources: planOf({ 0: null }), last: 0 });
	expect(state.hidden).toEqual(byHand.hidden);
});

it('goes on from the middle as if it had never stopped', async () => {
	const { forward, head } = opened;
	const state = await forward.start(ids, null);
	await forward.run([state], { last: 8 });
	await forward.run([state], { first: 9 });
	expect(await head.lastLogits(state.hidden)).toEqual(await logits(null));
});

it('captures rows that sum to 1 and see nothing ahead of them', async () => {
	const attention = allocateWindow(opened.layout);
	await logits(attention);
	const { context, heads } = opened.layout;
	for (const layer of [0, 7, 15]) {
		const square = squareAttention(opened.layout, attention, layer);
		for (let row = 0; row < heads * context; row++) {
			const values = square.subarray(row * context, (row + 1) * context);
			expect(values.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 5);
			expect(values.subarray((row % context) + 1).every((value) => value === 0)).toBe(true);
		}
	}
});

it('sees nothing ahead, however large scores are', async () => {
	const folder = await mkdtemp(join(tmpdir(), 'spanwise-forward-'));
	onTestFinished(() => rm(folder, { recursive: true }));
	const config = await writeTinyCheckpoint(folder, {
		tensors: (tensors) =>
			tensors.map((tensor) => ({
				...tensor,
				values: /\.[qk]_proj/.test(tensor.name)
					? Float32Array.from(tensor.values, (value) => 1e17 * value)
					: tensor.values
			}))
	});
	const layout = attentionLayout(config, 20);
	const reader = new WeightReader();
	const weights = new WeightSource(await openCheckpoint(folder), reader, {
		resident: false,
		hasher: null
	});
	const forward = new ForwardPass(config, layout, weights);
	const attention = allocateWindow(layout);
	const tokens = Array.from({ length: 20 }, (_, at) => (at * 7) % config.vocab);
	await forward.run([await forward.start(tokens, attention)]);
	await forward.release();
	await reader.close();
	const square = squareAttention(layout, attention, 1);
	for (let row = 0; row < layout.heads * 20; row++) {
		const values = square.subarray(row * 20, (row + 1) * 20);
		expect(values.subarray((row % 20) + 1).every((value) => value === 0)).toBe(true);
	}
});

it('gives the same whether weights are streamed or kept, one window or several at a time', async () => {
	const streamed = await open(false);
	const expected = await logits(null);
	const other = ids.toReversed();
	const states = [
		await streamed.forward.start(ids, null),
		await streamed.forward.start(other, null)
	];
	await streamed.forward.run(states);
	const found = await streamed.head.lastLogits(states[0].hidden);
	const apart = found.map((value, index) => Math.abs(value - expected[index]));
	expect(Math.max(...apart)).toBeLessThan(2e-5);
	await streamed.forward.release();
	await streamed.head.release();
	await streamed.reader.close();
});
