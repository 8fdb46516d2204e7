import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
	uniform,
	writeTinyCheckpoint,
	type TinyCheckpoint
} from '../../../tests/builders/checkpoint.ts';
import { ForwardPass, type LayerSources, type PlannedLayers } from '../forward.ts';
import { LanguageHead } from '../head.ts';
import { allocateSource, allocateWindow, attentionLayout } from '../layout.ts';
import { OutputPass } from '../output.ts';
import { floats } from '../session.ts';
import { WeightSource } from '../weights.ts';
import { openCheckpoint } from '../../model/checkpoint/open.ts';
import { WeightReader } from '../../model/checkpoint/read.ts';
import { loadTokenizer } from '../../model/tokens/tokenizer.ts';
import { cutWindows } from '../../model/tokens/windows.ts';
import { fitRepairs } from './fit.ts';

let folder: string;
beforeAll(async () => {
	folder = await mkdtemp(join(tmpdir(), 'spanwise-fit-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function open(modelFolder: string, context: number, resident = true) {
	const checkpoint = await openCheckpoint(modelFolder);
	const { config } = checkpoint;
	const reader = new WeightReader();
	const weights = new WeightSource(checkpoint, reader, { resident, hasher: null });
	return { config, layout: attentionLayout(config, context), weights, reader };
}
type Opened = Awaited<ReturnType<typeof open>>;

async function openTiny(name: string, tiny: TinyCheckpoint, resident = true): Promise<Opened> {
	await writeTinyCheckpoint(join(folder, name), tiny);
	return open(join(folder, name), 24, resident);
}

/** Windows of made-up ids. */
function windowsOf({ config, layout }: Opened, count: number): { ids: number[] }[] {
	const random = uniform(5);
	return Array.from({ length: count }, () => ({
		ids: Array.from({ length: layout.context }, () =>
			Math.floor(((random() + 1) / 2) * config.vocab)
		)
	}));
}

/** The hidden states of windows after the last layer. */
async function run(
	{ config, layout, weights }: Opened,
	windows: readonly { ids: number[] }[],
	planned: Partial<PlannedLayers> = {}
): Promise<Float32Array[]> {
	const forward = new ForwardPass(config, layout, weights);
	const states = [];
	for (const { ids } of windows) {
		states.push(await forward.start(ids, allocateSource(layout, planned.sources ?? [])));
	}
	await forward.run(states, planned);
	await forward.release();
	return states.map(({ hidden }) => hidden);
}

/** Summed squared distance of two sets of hidden states. */
function distance(some: readonly Float32Array[], others: readonly Float32Array[]): number {
	return some.reduce(
		(sum, values, at) =>
			sum + values.reduce((inner, value, entry) => inner + (value - others[at][entry]) ** 2, 0),
		0
	);
}

describe.each([
	['llama-untied-bias', 'biases of all projections'],
	['qwen2', 'biases of q, k and v, grouped queries'],
	['qwen3', 'norms of queries and keys'],
	['mistral-sliding', 'a sliding window']
])('a repair of %s: %s', (family) => {
	it('brings the planned model closer to the unshared one, the more so the weaker it holds on to W_O', async () => {
		const model = await open(join('tests/fixtures/families', family), 24);
		const windows = windowsOf(model, 4);
		const sources = Array.from({ length: model.config.layers }, (_, layer) =>
			layer === 1 ? 0 : layer
		);
		const strengths = [0.01, 1, 1e7];
		const fitted = await fitRepairs(model, { sources }, windows, strengths);
		expect(fitted.map((repairs) => [...repairs.keys()])).toEqual([[1], [1], [1]]);
		const unshared = await run(model, windows);
		const plain = distance(await run(model, windows, { sources }), unshared);
		const [weak, strong, unchanged] = await Promise.all(
			fitted.map(async (repairs) =>
				distance(await run(model, windows, { sources, repairs }), unshared)
			)
		);
		expect(weak).toBeLessThan(strong);
		expect(strong).toBeLessThan(plain);
		expect(unchanged / plain).toBeCloseTo(1, 3);
		await model.reader.close();
	});
});

describe('a follower', () => {
	const sources: LayerSources = [0, 0, 2];

	it('keeps W_O where its source attends as it does itself', async () => {
		// Without queries and keys every layer attends evenly.
		const model = await openTiny('even', {
			tensors: (tensors) =>
				tensors.map((tensor) =>
					/[qk]_proj/.test(tensor.name) ? { ...tensor, values: tensor.values.fill(0) } : tensor
				)
		});
		const [repairs] = await fitRepairs(model, { sources }, windowsOf(model, 3), [1e-3]);
		const o = floats((await model.weights.layer(1)).attend, 'o');
		const refitted = repairs.get(1)?.o ?? new Float32Array();
		expect(refitted).toHaveLength(o.length);
		for (const [at, value] of refitted.entries()) expect(value).toBeCloseTo(o[at], 4);
		await model.reader.close();
	});

	it('is fitted to the heads that its head map gives it', async () => {
		const model = await openTiny('mapped', {});
		const windows = windowsOf(model, 3);
		const plan = { sources, headMaps: [null, [3, 3, 0, 1], null] };
		const [repairs] = await fitRepairs(model, plan, windows, [0.01]);
		const [other] = await fitRepairs(model, { sources }, windows, [0.01]);
		const unshared = await run(model, windows);
		const apart = async (planned: PlannedLayers) =>
			distance(await run(model, windows, planned), unshared);
		const mapped = await apart({ ...plan, repairs });
		expect(mapped).toBeLessThan(await apart(plan));
		expect(mapped).toBeLessThan(await apart({ ...plan, repairs: other }));
		await model.reader.close();
	});
});

describe('a dropped layer', () => {
	it('gets the mean of what its block put out, bias of its output projection included', async () => {
		const model = await open('tests/fixtures/families/llama-untied-bias', 24);
		const { config, layout, weights } = model;
		const windows = windowsOf(model, 3);
		const layer = 1;
		const sources = Array.from({ length: config.layers }, (_, at) => (at === layer ? null : at));
		const [repairs] = await fitRepairs(model, { sources }, windows, [1]);
		const bias = repairs.get(layer)?.bias ?? new Float32Array();

		const forward = new ForwardPass(config, layout, weights);
		const pass = await OutputPass.open(config, layout, weights);
		const sums = new Float64Array(config.hidden);
		for (const { ids } of windows) {
			const attention = allocateWindow(layout);
			const state = await forward.start(ids, attention);
			await forward.run([state], { last: layer - 1 });
			const hidden = state.hidden.slice();
			await forward.run([state], { first: layer, last: layer });
			const own = new Float32Array(hidden.length);
			const { output } = await pass.run(layer, hidden, attention, layer, own);
			output.forEach((value, at) => (sums[at % config.hidden] += value));
		}
		const oBias = floats((await weights.layer(layer)).attend, 'oBias');
		expect(bias).toHaveLength(config.hidden);
		for (const [at, value] of bias.entries()) {
			expect(value).toBeCloseTo(sums[at] / (3 * layout.context) + oBias[at], 5);
		}
		await forward.release();
		await pass.release();
		await model.reader.close();
	});

	it('and followers after it are repaired in one plan', async () => {
		const model = await openTiny('mixed', { config: { num_hidden_layers: 6 } });
		const sources = [0, null, 2, 2, 2, 5];
		const repairs = await fitRepairs(model, { sources }, windowsOf(model, 2), [0.1]);
		expect([...repairs[0]].map(([layer, { o, bias }]) => [layer, o?.length, bias?.length])).toEqual(
			[
				[1, undefined, 32],
				[3, 32 * 32, undefined],
				[4, 32 * 32, undefined]
			]
		);
		await model.reader.close();
	});
});

it('repairs are the same whether weights stay in memory or are streamed', async () => {
	const tiny = { config: { num_hidden_layers: 5 } };
	const sources = [0, 0, null, 3, 3];
	const fit = async (name: string, resident: boolean) => {
		const model = await openTiny(name, tiny, resident);
		const repairs = await fitRepairs(model, { sources }, windowsOf(model, 3), [0.1]);
		await model.reader.close();
		return repairs;
	};
	expect(await fit('streamed', false)).toEqual(await fit('kept', true));
});

it('tells of every layer of every window up to the last that the plan changes', async () => {
	const model = await openTiny('told', { config: { num_hidden_layers: 5 } });
	const reported: string[] = [];
	await fitRepairs(
		model,
		{ sources: [0, 0, 2, null, 4] },
		windowsOf(model, 2),
		[0.1],
		(layer, window) => reported.push(`${layer}.${window}`)
	);
	expect(reported).toEqual(['0.0', '0.1', '1.0', '1.1', '2.0', '2.1', '3.0', '3.1']);
	expect(
		await fitRepairs(model, { sources: [0, 1, 2, 3, 4] }, windowsOf(model, 1), [1, 2])
	).toEqual([new Map(), new Map()]);
	await model.reader.close();
});

it('a plan of mini-llama2 loses less on the text that it was repaired on', async () => {
	const model = await open('models/mini-llama2', 96);
	const { config, layout, weights } = model;
	const name = 'hound-of-the-baskervilles.txt';
	const text = await readFile(join('static/samples', name), 'utf8');
	const tokenizer = await loadTokenizer('models/mini-llama2', config);
	const { windows } = await cutWindows([{ name, text }], tokenizer, { context: 96, windows: 6 });
	const sources = Array.from({ length: config.layers }, (_, layer) =>
		layer === 5 || layer === 11 ? layer - 1 : layer
	);
	const [repairs] = await fitRepairs(model, { sources }, windows, [0.1]);
	const head = await LanguageHead.open(config, layout.context, weights);
	const loss = async (planned: Partial<PlannedLayers>) => {
		const hidden = await run(model, windows, planned);
		const losses = await head.losses(
			hidden.map((state, at) => ({ hidden: state, ids: windows[at].ids }))
		);
		return losses.flatMap((values) => [...values]).reduce((sum, value) => sum + value, 0) / 95 / 6;
	};
	const [unshared, plain, repaired] = [
		await loss({}),
		await loss({ sources }),
		await loss({ sources, repairs })
	];
	expect(plain).toBeGreaterThan(unshared);
	// At least a third of what sharing cost.
	expect(repaired - unshared).toBeLessThan((2 / 3) * (plain - unshared));
	await head.release();
	await model.reader.close();
});
