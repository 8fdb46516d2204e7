import { readdirSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeTinyCheckpoint, type TinyCheckpoint } from '../../tests/builders/checkpoint.ts';
import { openCheckpoint } from '../model/checkpoint/open.ts';
import { WeightReader } from '../model/checkpoint/read.ts';
import { Reporter } from '../telemetry/reporter.ts';
import { Stopwatch } from '../telemetry/stopwatch.ts';
import { captureSums, type Captured } from './captureSums.ts';
import { attentionLayout } from './layout.ts';
import { isWorthPacking, threadCount, useThreads } from './session.ts';
import type { StatisticsRequest } from './windowSums.ts';
import { windowWork } from './work.ts';

const FAMILIES = 'tests/fixtures/families';
const EVERYTHING = {
	views: ['all', 'no-sink'],
	gram: true,
	sqrt: true,
	jsQueries: 8
} as const satisfies Omit<StatisticsRequest, 'windowCount'>;

let folder: string;

beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), 'spanwise-capture-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** Every sum of `windowCount` windows, by one graph that holds the model, or streamed. */
async function capture(
	modelFolder: string,
	context: number,
	windowCount: number,
	resident: boolean,
	wanted: Omit<StatisticsRequest, 'windowCount'> = EVERYTHING
): Promise<Captured> {
	const checkpoint = await openCheckpoint(modelFolder);
	const { config } = checkpoint;
	const layout = attentionLayout(config, context);
	const statistics = { ...wanted, windowCount };
	const windows = Array.from({ length: windowCount }, (_, window) => ({
		document: 0,
		start: 0,
		ids: Array.from({ length: context }, (__, at) => (at * 37 + window * 101) % config.vocab)
	}));
	const reporter = new Reporter({ work: 1, layers: 1, windows: 1, context }, () => undefined);
	const reader = new WeightReader();
	try {
		return await captureSums(
			{
				checkpoint,
				layout,
				memory: { resident, windowsPerGroup: 2, bytes: 0, limitBytes: 0 },
				work: windowWork(config, layout, statistics),
				statistics,
				windows
			},
			reader,
			null,
			reporter,
			new Stopwatch()
		);
	} finally {
		await reader.close();
	}
}

function worst(one: ArrayLike<number> | null, other: ArrayLike<number> | null): number {
	if (one === null || other === null) return one === other ? 0 : Infinity;
	if (one.length !== other.length) return Infinity;
	let found = 0;
	for (let index = 0; index < one.length; index++) {
		const scale = Math.max(1, Math.abs(other[index]));
		found = Math.max(found, Math.abs(one[index] - other[index]) / scale);
	}
	return found;
}

/** The largest difference of any figure, against the larger of it and 1. */
function difference(one: Captured, other: Captured): number {
	return Math.max(
		Math.abs(one.loss - other.loss),
		worst(one.profile.entropyNats, other.profile.entropyNats),
		worst(one.profile.firstTokenMass, other.profile.firstTokenMass),
		...one.sums.flatMap((view, index) =>
			(['gram', 'sqrt', 'null', 'windows', 'js'] as const).map((name) =>
				worst(view[name], other.sums[index][name])
			)
		)
	);
}

async function residentAndStreamed(
	modelFolder: string,
	context: number,
	windowCount = 3
): Promise<[Captured, Captured]> {
	return [
		await capture(modelFolder, context, windowCount, true),
		await capture(modelFolder, context, windowCount, false)
	];
}

describe('one graph that holds the model', () => {
	const families = readdirSync(FAMILIES, { withFileTypes: true }).flatMap((entry) =>
		entry.isDirectory() ? [entry.name] : []
	);
	it.each(families)('gives what the streamed layers give: %s', async (family) => {
		const folder = join(FAMILIES, family);
		const { learnedPositions, maxPositions } = (await openCheckpoint(folder)).config;
		// Several query blocks, the last one shorter, unless positions have embeddings.
		const context = learnedPositions ? maxPositions : 150;
		const [resident, streamed] = await residentAndStreamed(folder, context);
		expect(resident.sums).toHaveLength(2);
		expect(difference(resident, streamed)).toBeLessThan(1e-5);
	});

	it.each(['mini-llama2', 'mini-llama3'])(
		'gives what the streamed layers give: %s',
		async (name) => {
			const [resident, streamed] = await residentAndStreamed(join('models', name), 200, 2);
			expect(difference(resident, streamed)).toBeLessThan(1e-5);
		}
	);

	const forms: [string, TinyCheckpoint][] = [
		['bfloat16', { dtype: 'BF16' }],
		['float16 in two files', { dtype: 'F16', shards: 2 }],
		['a tied output embedding', { config: { tie_word_embeddings: true } }],
		[
			'layers that follow others or have no attention',
			{
				config: {
					spanwise: {
						sources: [0, 0, null],
						spans: [{ source: 0, followers: [1], headMap: [[1, 0, 3, 3]] }]
					}
				}
			}
		]
	];
	it.each(forms)('reads %s', async (_, tiny) => {
		await writeTinyCheckpoint(folder, tiny);
		const [resident, streamed] = await residentAndStreamed(folder, 40);
		expect(difference(resident, streamed)).toBeLessThan(1e-5);
	});

	it('has no null of a single window', async () => {
		await writeTinyCheckpoint(folder);
		const { sums } = await capture(folder, 24, 1, true);
		expect(sums.map((view) => view.null)).toEqual([null, null]);
	});

	it('sums only what was asked for', async () => {
		await writeTinyCheckpoint(folder);
		const wanted = { views: ['no-sink'], gram: false, sqrt: true, jsQueries: null } as const;
		const { sums } = await capture(folder, 24, 2, true, wanted);
		expect(sums).toHaveLength(1);
		expect(sums[0]).toMatchObject({ view: 'no-sink', gram: null, windows: null, js: null });
		expect(sums[0].sqrt?.every((value) => value > 0)).toBe(true);
	});

	it('follows links to files elsewhere, as those of the Hugging Face cache', async () => {
		await writeTinyCheckpoint(join(folder, 'model'));
		await mkdir(join(folder, 'blobs'));
		await rename(join(folder, 'model', 'model.safetensors'), join(folder, 'blobs', 'abc'));
		await symlink('../blobs/abc', join(folder, 'model', 'model.safetensors'));
		const [resident, streamed] = await residentAndStreamed(join(folder, 'model'), 24);
		expect(difference(resident, streamed)).toBeLessThan(1e-5);
	});

	it('names the layer and the window after which a state is not finite', async () => {
		await writeTinyCheckpoint(folder, {
			tensors: (tensors) =>
				tensors.map((each) =>
					each.name === 'model.layers.1.mlp.down_proj.weight'
						? { ...each, values: each.values.map(() => NaN) }
						: each
				)
		});
		await expect(capture(folder, 24, 2, true)).rejects.toThrow(
			/: window 0: the hidden state after layer 1 is NaN; expected a number/
		);
	});
});

describe('weights', () => {
	const threads = threadCount();
	afterEach(() => useThreads(threads));

	it('are packed beforehand on few threads, and for short windows', () => {
		const choices = [
			[2, 512],
			[2, 8192],
			[16, 256],
			[16, 512],
			[8, 8192]
		].map(([count, context]) => {
			useThreads(count);
			return isWorthPacking(context);
		});
		expect(choices).toEqual([true, true, true, false, false]);
	});

	it('that are not give the same figures', async () => {
		const model = join('models', 'mini-llama2');
		const packed = await capture(model, 512, 1, true);
		useThreads(8);
		expect(difference(await capture(model, 512, 1, true), packed)).toBeLessThan(1e-5);
	});
});
