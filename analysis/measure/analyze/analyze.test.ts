import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeTinyCheckpoint } from '../../../tests/builders/checkpoint.ts';
import { openCheckpoint } from '../../model/checkpoint/open.ts';
import { WeightReader } from '../../model/checkpoint/read.ts';
import { readRun, readSums, readWindows } from '../../workspace/run/read.ts';
import { similarityOf } from '../../similarity/similarity.ts';
import { METRICS, VIEWS } from '../../similarity/types.ts';
import type { Progress } from '../../telemetry/progress.ts';
import { messageOf } from '../../errors.ts';
import { captureSums } from '../../engine/captureSums.ts';
import { memoryLimit, type MemoryPlan } from '../../engine/memory.ts';
import { Reporter } from '../../telemetry/reporter.ts';
import { Stopwatch } from '../../telemetry/stopwatch.ts';
import { RECALL_OFF } from '../recallSetting.ts';
import type { AnalyzeRequest } from './types.ts';
import { analyze, estimateAnalysis, prepare } from '../../../tests/builders/opened.ts';
import { captureAttention } from '../../../tests/builders/opened.ts';

let folder: string;
let request: AnalyzeRequest;

beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), 'spanwise-analyze-'));
	await writeTinyCheckpoint(join(folder, 'model'));
	request = {
		modelFolder: join(folder, 'model'),
		documents: [
			{ name: 'a.txt', text: 'the cat sat on the mat and the dog lay by the door '.repeat(60) }
		],
		context: 24,
		windows: 4,
		metrics: [...METRICS],
		views: [...VIEWS],
		jsRows: 32,
		recall: false,
		memoryLimitBytes: 2e9,
		home: join(folder, 'home')
	};
});
afterEach(() => rm(folder, { recursive: true, force: true }));

function options(name = 'run') {
	return {
		runFolder: join(folder, name),
		id: name,
		command: 'spanwise analyze model --text a.txt',
		onProgress: () => undefined
	};
}

describe('analyze', () => {
	it('writes a run from which every metric of both views can be read', async () => {
		const record = await analyze(request, options());
		expect(await readRun(join(folder, 'run'))).toEqual(record);
		expect(record).toMatchObject({ context: 24, tokens: 96, metrics: METRICS, views: VIEWS });
		expect(record.model.hash).toMatch(/^[0-9a-f]{64}$/);
		const documents = record.windows.map(({ document }) => document);
		for (const view of VIEWS) {
			const sums = await readSums(join(folder, 'run'), record, view);
			for (const metric of METRICS) {
				const similarity = similarityOf(sums, metric, documents);
				expect(similarity.matrix).toHaveLength(9);
				expect(similarity.matrix.every((value) => value <= 1 + 1e-12)).toBe(true);
				expect([0, 4, 8].map((cell) => similarity.matrix[cell])).toEqual([1, 1, 1]);
			}
		}
		const { windows } = await readWindows(join(folder, 'run'), record);
		expect(windows.map(({ ids, pieces }) => [ids.length, pieces.length])).toEqual(
			Array.from({ length: 4 }, () => [24, 24])
		);
	});

	it('gives the same figures whether windows are streamed in groups or run one by one', async () => {
		const checkpoint = await openCheckpoint(request.modelFolder);
		const prepared = { ...(await prepare(request)), checkpoint };
		expect(prepared.memory).toMatchObject({ resident: true, windowsPerGroup: 1 });
		const capture = async (memory: Partial<MemoryPlan>) => {
			const reader = new WeightReader();
			const laidOut = { ...prepared, memory: { ...prepared.memory, ...memory } };
			const reporter = new Reporter(
				{ work: 1, layers: 3, windows: 4, context: 8 },
				() => undefined
			);
			const captured = await captureSums(laidOut, reader, null, reporter, new Stopwatch());
			await reader.close();
			return captured;
		};
		const oneByOne = await capture({ resident: false, windowsPerGroup: 1 });
		expect(await capture({ resident: false, windowsPerGroup: 3 })).toEqual(oneByOne);
	});

	it('reports progress from 0 to 1, window by window', async () => {
		const seen: Progress[] = [];
		await analyze(request, { ...options(), onProgress: (progress) => seen.push(progress) });
		const fractions = seen.map(({ fraction }) => fraction);
		expect(fractions).toEqual(fractions.toSorted((a, b) => a - b));
		expect(fractions.at(-1)).toBeCloseTo(1, 6);
		expect(seen.filter(({ stage }) => stage === 'windows')).toHaveLength(4);
		expect(seen.at(-1)).toMatchObject({ window: 4, windows: 4, layers: 3 });
	});

	it('keeps with the run how it went: every token once, stage by stage', async () => {
		const record = await analyze(request, options());
		expect(record.telemetry?.tokens).toBe(record.tokens);
		expect(record.engine).toEqual({
			name: 'onnxruntime',
			path: 'resident',
			device: 'cpu',
			dtype: 'float32'
		});
		expect(record.telemetry?.cpuSeconds).toBeGreaterThan(0);
		expect(record.telemetry?.stages.map(({ stage }) => stage)).toEqual([
			'preparing',
			'packing weights',
			'windows',
			'finishing'
		]);
		expect((await readRun(join(folder, 'run'))).telemetry).toEqual(record.telemetry);
	});

	it('remembers the hash: it does not depend on how tensors are spread over files', async () => {
		const first = await analyze(request, options('first'));
		const again = await analyze(request, options('again'));
		await writeTinyCheckpoint(join(folder, 'model-sharded'), { shards: 2 });
		const sharded = await analyze(
			{ ...request, modelFolder: join(folder, 'model-sharded') },
			options('sharded')
		);
		await writeTinyCheckpoint(join(folder, 'model-other'), { seed: 2 });
		const other = await analyze(
			{ ...request, modelFolder: join(folder, 'model-other') },
			options('other')
		);
		expect(again.model.hash).toBe(first.model.hash);
		expect(sharded.model.hash).toBe(first.model.hash);
		expect(other.model.hash).not.toBe(first.model.hash);
	});

	it('takes one shorter window where the text is too short, and says so', async () => {
		const documents = [{ name: 'short.txt', text: 'the cat sat on the mat' }];
		const record = await analyze({ ...request, documents, context: 200 }, options());
		expect(record.windows).toHaveLength(1);
		expect(record.context).toBeLessThan(200);
		expect(record.notes).toEqual([
			expect.stringContaining('Text too short: 1 window of'),
			RECALL_OFF
		]);
		const sums = await readSums(join(folder, 'run'), record, 'all');
		expect(similarityOf(sums, 'cosine', [0]).null).toBeNull();
	});

	it.each([
		['context', { context: 257 }, 'context: 257 tokens; the model has positions for at most 256'],
		[
			'memory',
			{ memoryLimitBytes: 1e6 },
			/memory: one window of 24 tokens takes .* MB; the limit is 1\.0 MB; no context would fit/
		]
	])('refuses a bad %s and leaves nothing behind', async (_, change, message) => {
		await expect(analyze({ ...request, ...change }, options())).rejects.toThrow(message);
		expect(await readdir(folder)).toEqual(['model']);
	});

	it('refuses weights that are not numbers and leaves nothing behind', async () => {
		await writeTinyCheckpoint(join(folder, 'model'), {
			tensors: (tensors) =>
				tensors.map((tensor) => ({
					...tensor,
					values: Float32Array.from(tensor.values).fill(NaN, 0, 1)
				}))
		});
		await expect(analyze(request, options())).rejects.toThrow(
			/model: window 0: the hidden state (before|after) layer \d is NaN; expected a number: a weight is NaN or infinite/
		);
		const left = await readdir(folder);
		expect(left.filter((name) => name !== 'home')).toEqual(['model']);
	});

	it('refuses a folder that exists, and leaves it as it was', async () => {
		await writeFile(join(folder, 'run'), 'mine');
		await expect(analyze(request, options())).rejects.toThrow('exists already');
		expect(await readFile(join(folder, 'run'), 'utf8')).toBe('mine');
	});
});

describe('estimateAnalysis', () => {
	it('names what will be read, and the source of the speed', async () => {
		const guess = await estimateAnalysis(request);
		expect(guess).toMatchObject({ windows: 4, context: 24, tokens: 96, secondsFrom: 'guess' });
		await analyze(request, options());
		expect((await estimateAnalysis(request)).secondsFrom).toBe('earlier runs');
	});

	it('names the longest context that fits the limit, which then is accepted', async () => {
		const mini = { ...request, modelFolder: 'models/mini-llama2', context: 1024, windows: 1 };
		mini.documents = [{ name: 'long.txt', text: 'It was a dark and stormy night. '.repeat(2000) }];
		const refusal = await estimateAnalysis({ ...mini, memoryLimitBytes: 450e6 }).catch(messageOf);
		const fitting = Number(/a context of (\d+) would fit/.exec(refusal as string)?.[1]);
		expect(fitting).toBeGreaterThan(16);
		const accepted = await estimateAnalysis({ ...mini, context: fitting, memoryLimitBytes: 450e6 });
		expect(accepted.memoryBytes).toBeLessThanOrEqual(450e6);
		await expect(
			estimateAnalysis({ ...mini, context: fitting + 16, memoryLimitBytes: 450e6 })
		).rejects.toThrow(`a context of ${fitting} would fit`);
	});
});

it('the memory limit is 70% of what is free unless the user says otherwise', () => {
	expect(memoryLimit(123)).toBe(123);
	expect(memoryLimit(null)).toBeGreaterThan(0);
});

describe('captureAttention', () => {
	it('gives the layers asked for as squares whose rows sum to 1', async () => {
		const { data, shape } = await captureAttention({
			modelFolder: request.modelFolder,
			ids: [0, 5, 6, 7, 8],
			layers: [2, 1]
		});
		expect(shape).toEqual([2, 4, 5, 5]);
		for (let row = 0; row < 2 * 4 * 5; row++) {
			const sum = data.subarray(row * 5, row * 5 + 5).reduce((total, value) => total + value, 0);
			expect(sum).toBeCloseTo(1, 5);
		}
	});

	it('refuses a layer the model does not have', async () => {
		await expect(
			captureAttention({ modelFolder: request.modelFolder, ids: [0, 1], layers: [3] })
		).rejects.toThrow('layer: 3; the model has layers 0 to 2');
	});
});

it('a checkpoint cut short while it is read fails without a run', async () => {
	await cp(request.modelFolder, join(folder, 'cut'), { recursive: true });
	const file = join(folder, 'cut', 'model.safetensors');
	const bytes = await readFile(file);
	await writeFile(file, bytes.subarray(0, bytes.length - 8));
	await expect(
		analyze({ ...request, modelFolder: join(folder, 'cut') }, options())
	).rejects.toThrow(/model\.safetensors/);
	expect((await readdir(folder)).sort()).toEqual(['cut', 'model']);
});

describe('recall', () => {
	it('of the model and the induction score of every head are kept with the run', async () => {
		const record = await analyze({ ...request, recall: true }, options());
		expect(record.recall?.windows).toBeGreaterThan(0);
		expect(record.recall?.loss).toBeGreaterThan(0);
		expect(record.induction).toHaveLength(3);
		for (const heads of record.induction ?? []) {
			expect(heads).toHaveLength(4);
			for (const score of heads) {
				expect(score).toBeGreaterThan(0);
				expect(score).toBeLessThan(1);
			}
		}
		expect(await readRun(join(folder, 'run'))).toEqual(record);
	});

	it('that is turned off leaves a note and nothing else', async () => {
		const record = await analyze(request, options());
		expect(record.recall).toBeUndefined();
		expect(record.notes).toContain(RECALL_OFF);
	});
});
