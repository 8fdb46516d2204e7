import { existsSync, readdirSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cachedOnnx, FORMS } from '../../../tests/builders/cachedOnnx.ts';
import { writeTinyCheckpoint } from '../../../tests/builders/checkpoint.ts';
import { deploy, planFor, withRepairs } from '../../../tests/builders/deployed.ts';
import { mergedDecoder } from '../../../tests/builders/mergedOnnx.ts';
import { writeOnnxFolder } from '../../../tests/builders/onnxFolder.ts';
import { smallDecoderPlan } from '../../../tests/builders/onnxPlan.ts';
import { smallDecoder } from '../../../tests/builders/onnxDecoder.ts';
import { useOfHelpers } from '../../process/helpers.ts';
import { partialWriter } from '../../process/partial.ts';
import type { Document } from '../../model/tokens/types.ts';
import { RECALL_OFF } from '../recallSetting.ts';
import type { Progress } from '../../telemetry/progress.ts';
import { openBenchSide } from './benchSide.ts';
import type { BenchFile, BenchRequest, OpenSide } from './benchTypes.ts';
import { type BenchDeps } from './measureBench.ts';
import { estimateOfBench } from './prepareBench.ts';
import {
	evaluatePlan,
	measureBench,
	measureWritten,
	prepareBench
} from '../../../tests/builders/opened.ts';

const SETTING = { prompt: 12, generate: 4, batch: 1, repeats: 2 };
const SOURCES = [0, 0, 2, null];

let scratch: string;
let model: string;
let home: string;
let results: string;
let fixed: { home: string; memoryLimitBytes: number; documents: Document[]; recall: boolean };
beforeAll(async () => {
	scratch = await mkdtemp(join(tmpdir(), 'spanwise-measure-bench-'));
	model = join(scratch, 'model');
	home = join(scratch, 'home');
	results = join(home, 'results');
	fixed = { home, memoryLimitBytes: 4e9, documents: [], recall: false };
	await writeTinyCheckpoint(model, { config: { head_dim: 16, num_hidden_layers: 4 } });
});
afterAll(() => rm(scratch, { recursive: true }));

async function requestFor(
	modelFolder: string,
	change: Partial<BenchRequest> = {}
): Promise<BenchRequest> {
	const plan = change.plan ?? (await planFor(model, SOURCES));
	const folders = { modelFolder, planFolder: scratch };
	return { ...folders, ...SETTING, ...fixed, dtype: null, ...change, plan };
}

/** Sides in this process; what was opened, and what lay in the workspace then. */
function depsOf(openSide: OpenSide = openBenchSide) {
	const opened: BenchFile[] = [];
	const reported: Progress[] = [];
	const lying: string[][] = [];
	const deps: BenchDeps = {
		id: 'a-bench',
		openSide: (file, setting) => {
			opened.push(file);
			const [partial] = readdirSync(results);
			lying.push([partial, ...readdirSync(join(results, partial)).sort()]);
			return openSide(file, setting);
		},
		onProgress: (progress) => reported.push(progress)
	};
	return { deps, opened, reported, lying };
}

const left = () => (existsSync(results) ? readdir(results) : []);
/** Each once, as they first came. */
const stagesOf = (reported: Progress[]) => [...new Set(reported.map(({ stage }) => stage))];

async function onnxModel(name: string, linked = false): Promise<string> {
	const proto = cachedOnnx({ form: 'groupQuery' });
	return writeOnnxFolder(join(scratch, name, 'model'), proto, { linked });
}
const onnxPlan = () => smallDecoderPlan(SOURCES);

describe('a bench of a checkpoint', () => {
	it('writes both models into an unfinished folder of the workspace, and leaves nothing', async () => {
		const { deps, opened, reported, lying } = depsOf();
		const { cpuSeconds } = useOfHelpers();
		const bench = await measureBench(await requestFor(model), deps);
		expect(opened.map(({ file }) => basename(dirname(dirname(file))))).toEqual([
			'baseline',
			'planned'
		]);
		expect(lying[0]).toEqual([expect.stringMatching(/^\.partial-a-bench-/), 'baseline', 'planned']);
		expect(partialWriter(lying[0][0])).toBe(process.pid);
		expect(await left()).toEqual([]);
		expect(bench).toMatchObject({ model: 'model', dtype: 'fp32', followers: 1, leftOut: 1 });
		expect(bench.modelHash).toMatch(/^[0-9a-f]{64}$/);
		// Of 4 layers' keys and values a follower saves one part, a dropped layer two.
		expect(bench.ratio.cacheBytesPerToken).toBe(5 / 8);
		expect(bench.baseline.tokensPerSecond.median).toBeGreaterThan(0);
		expect(bench.notes).toEqual([]);
		expect(bench.warning).toContain('this model, model (');
		expect(stagesOf(reported)).toEqual([
			...['writing the baseline', 'verifying', 'hashing'],
			...['writing the planned model', 'measuring']
		]);
		// Two rounds per model and one that is not counted; none before.
		const rounds = reported.filter(({ stage }) => stage === 'measuring');
		expect(rounds.map(({ window, windows }) => `${window}/${windows}`)).toEqual(
			[0, 1, 2, 3, 4, 5, 6].map((done) => `${done}/6`)
		);
		expect(reported.filter(({ windows }) => windows === 0)).not.toEqual([]);
		expect(reported.at(-1)).toMatchObject({ fraction: 1, counted: 'round' });
		const fractions = reported.map(({ fraction }) => fraction);
		expect(fractions).toEqual(fractions.toSorted((a, b) => a - b));
		// A round reads the prompt twice and then token by token.
		expect(reported.at(-1)?.tokens).toBe(6 * (2 * 12 + 4));
		expect(useOfHelpers().cpuSeconds).toBeGreaterThan(cpuSeconds);
	});

	it('is of halves, and with refitted weights, where it is asked to be', async () => {
		const plan = await withRepairs(
			await planFor(model, [0, 0, 2, 3]),
			model,
			new Map([[1, { o: new Float32Array(32 * 64), bias: null }]]),
			scratch
		);
		const { deps } = depsOf();
		const request = await requestFor(model, { plan, dtype: 'fp16' });
		const bench = await measureBench(request, deps);
		expect(bench.dtype).toBe('fp16');
		expect(bench.baseline.cacheBytesPerToken).toBe(8 * 2 * 16 * 2);
	});

	it('leaves nothing where a side fails, and lets go of the other', async () => {
		let closed = 0;
		const { deps } = depsOf(async (file, setting) => {
			if (file.file.includes('planned')) throw new Error('no memory');
			const side = await openBenchSide(file, setting);
			const close = async () => {
				await side.close();
				closed++;
			};
			return { ...side, close };
		});
		await expect(measureBench(await requestFor(model), deps)).rejects.toThrow('no memory');
		expect([closed, await left()]).toEqual([1, []]);
	});

	it('removes what a bench that was killed left, and not what another process is writing', async () => {
		// No process has a number beyond the largest that systems give.
		const dead = join(results, '.partial-bench-4194305-00000000');
		const alive = join(results, `.partial-bench-${process.ppid}-00000000`);
		for (const folder of [dead, alive]) await mkdir(folder, { recursive: true });
		const { deps, lying } = depsOf();
		const request = await requestFor(model, { repeats: 1 });
		await measureBench(request, { ...deps, openSide: openBenchSide });
		expect(lying).toEqual([]);
		expect(await left()).toEqual([basename(alive)]);
		await rm(alive, { recursive: true });
	});
});

describe('a bench of an ONNX model', () => {
	it.each(FORMS)('runs the file itself against the planned one: %s', async (form) => {
		const file = join(scratch, form, 'model.onnx');
		await writeOnnxFolder(dirname(file), cachedOnnx({ form }), { dataFiles: 0 });
		const before = await readdir(dirname(file));
		const { deps, opened, reported } = depsOf();
		const bench = await measureBench(await requestFor(file, { plan: onnxPlan() }), deps);
		expect(opened[0].file).toBe(file);
		expect(opened[1].file).not.toContain(dirname(file));
		expect(bench.notes).toEqual(
			form === 'contribPacked' ? [expect.stringContaining('hold values alone')] : []
		);
		expect(bench.ratio.cacheBytesPerToken).toBe(5 / 8);
		expect(stagesOf(reported)).toEqual([
			...['writing the planned model', 'verifying', 'hashing', 'measuring']
		]);
		expect([await readdir(dirname(file)), await left()]).toEqual([before, []]);
	});

	it('finds weights behind links, as in the Hugging Face cache, for two sequences at a time', async () => {
		const file = await onnxModel('linked', true);
		const { deps, opened } = depsOf();
		const request = await requestFor(dirname(file), { plan: onnxPlan(), batch: 2 });
		const bench = await measureBench(request, deps);
		expect(opened[0]).toMatchObject({ dataFolder: join(scratch, 'linked', 'blobs') });
		expect(bench).toMatchObject({ model: 'model', setting: { batch: 2 } });
	});

	it('measures what spanwise apply wrote, with a plan or against a written one', async () => {
		const plan = await planFor(model, SOURCES);
		const [base, planned] = [join(scratch, 'base'), join(scratch, 'planned')];
		await deploy(model, base);
		await deploy(model, planned, { plan });
		const bench = await measureBench(await requestFor(base), depsOf().deps);
		expect(bench.ratio.cacheBytesPerToken).toBe(5 / 8);
		const request = { model: base, against: planned, ...fixed, ...SETTING };
		const written = await measureWritten(request, depsOf().deps);
		expect(written.plan.sources).toEqual(SOURCES);
		expect(written.bench).toMatchObject({ model: 'model', dtype: 'fp32', leftOut: 1 });
		expect(written.bench.warning).toContain('this model, model (');
		expect(written.bench.modelHash).not.toBe(bench.modelHash);
		expect(await left()).toEqual([]);
	});

	it('measures the model itself against what was written of it', async () => {
		const file = await onnxModel('own');
		const out = join(scratch, 'own-planned');
		await deploy(file, out, { plan: onnxPlan(), dtype: null });
		const request = { model: file, against: out, ...fixed, ...SETTING };
		const { bench } = await measureWritten(request, depsOf().deps);
		expect(bench).toMatchObject({ dtype: 'float32', ratio: { cacheBytesPerToken: 5 / 8 } });
	});
});

describe('what a plan costs, beside what it gains', () => {
	const documents = ['sea', 'wind'].map((word) => ({
		name: `${word}.txt`,
		text: Array.from(
			{ length: 900 },
			(_, n) => `the ${word} and ${(n * 7919) % 997} in the rain on the sand. `
		).join('')
	}));

	it('is what an evaluation of the same windows and probes says', async () => {
		const { deps, reported } = depsOf();
		const request = await requestFor(model, { documents, recall: true });
		const { cost, notes } = await measureBench(request, deps);
		const { report, texts, context } = await evaluatePlan(
			{
				...{ modelFolder: model, plan: request.plan, repairs: null },
				...{ context: 256, windows: 8, questions: null, gates: {} },
				...{ ...fixed, documents, recall: true }
			},
			{ onProgress: () => undefined }
		);
		expect(cost).toEqual({
			text: {
				baseline: expect.closeTo(report.baseline.loss, 6) as number,
				planned: expect.closeTo(report.shared.loss, 6) as number,
				delta: {
					loss: expect.closeTo(report.delta.loss, 6) as number,
					low: expect.closeTo(report.delta.low ?? NaN, 6) as number,
					high: expect.closeTo(report.delta.high ?? NaN, 6) as number
				},
				windows: 8,
				over: 'documents'
			},
			recall: report.recall,
			texts,
			context
		});
		expect(notes).toEqual([]);
		expect(stagesOf(reported)[0]).toBe('evaluating the plan');
		const prepared = await prepareBench(request);
		expect(reported.at(-1)).toMatchObject({ fraction: 1, tokens: 6 * 28 + prepared.cost.tokens });
	});

	it('is told without recall where it is turned off, with a line that says so', async () => {
		const request = await requestFor(model, { documents, recall: false, repeats: 1 });
		const { cost, notes } = await measureBench(request, depsOf().deps);
		expect(Object.keys(cost ?? {})).toEqual(['text', 'texts', 'context']);
		expect(notes).toEqual([RECALL_OFF]);
	});

	it('is not measured, with a line that says why, where the model has no tokenizer', async () => {
		const file = await onnxModel('dumb');
		await rm(join(dirname(file), 'tokenizer.json'), { force: true });
		const request = await requestFor(file, { plan: onnxPlan(), documents, repeats: 1 });
		const { cost, notes } = await measureBench(request, depsOf().deps);
		expect(cost).toBeNull();
		expect(notes).toEqual([expect.stringMatching(/^what the plan costs was not measured: /)]);
	});

	it('is measured of models that are there already, on the one without a plan', async () => {
		const plan = await planFor(model, SOURCES);
		const [base, against] = [join(scratch, 'costed'), join(scratch, 'costed-planned')];
		await deploy(model, base);
		await deploy(model, against, { plan });
		const request = { model: base, against, ...fixed, ...SETTING, documents };
		const { bench } = await measureWritten(request, depsOf().deps);
		const { cost } = await measureBench(
			await requestFor(model, { plan, documents, repeats: 1 }),
			depsOf().deps
		);
		expect(bench.cost?.text.delta.loss).toBeCloseTo(cost?.text.delta.loss ?? NaN, 4);
		expect(bench.notes).toEqual([RECALL_OFF]);
	});
});

describe('a bench is refused before anything is written', () => {
	async function refused(request: BenchRequest): Promise<string> {
		const { deps, lying } = depsOf();
		const said = await measureBench(request, deps).then(
			() => 'nothing',
			(error: unknown) => String(error)
		);
		expect([lying, await left()]).toEqual([[], []]);
		return said;
	}

	it('where an ONNX model has no cache', async () => {
		const file = join(scratch, 'uncached', 'model.onnx');
		await writeOnnxFolder(dirname(file), smallDecoder({ form: 'softmax' }));
		const plan = smallDecoderPlan([0, 0, 2]);
		expect(await refused(await requestFor(file, { plan }))).toBe(
			`InputError: ${file}: layer 0 has no cache among the inputs and outputs, so that it cannot generate token by token; export it with past_key_values`
		);
	});

	it('where a model takes one sequence at a time', async () => {
		const proto = cachedOnnx({ form: 'groupQuery' });
		for (const { name, type } of proto.graph?.input ?? []) {
			if (type?.value.case !== 'tensorType' || name !== 'input_ids') continue;
			const [sequences] = type.value.value.shape?.dim ?? [];
			sequences.value = { case: 'dimValue', value: 1n };
		}
		const file = join(scratch, 'single', 'model.onnx');
		await writeOnnxFolder(dirname(file), proto);
		const request = await requestFor(file, { plan: onnxPlan(), batch: 3 });
		expect(await refused(request)).toContain(
			'input input_ids takes one sequence at a time; found batch 3; allowed: 1'
		);
	});

	it('where the memory limit is too low', async () => {
		expect(await refused(await requestFor(model, { memoryLimitBytes: 3e8 }))).toMatch(
			/^InputError: memory: two processes that hold model take about 2\d\d MB each, 6\d\d MB in all; the limit is 300 MB; ask for a shorter prompt or a smaller batch, or give more with --memory$/
		);
	});

	it('where a type is asked of an ONNX model, which keeps its own', async () => {
		const file = await onnxModel('typed');
		const request = await requestFor(file, { plan: onnxPlan(), dtype: 'fp16' });
		expect(await refused(request)).toContain(
			'--dtype does not apply to ONNX models, which keep their dtypes; remove it'
		);
	});

	it('where plan or setting is not for the model', async () => {
		const plan = smallDecoderPlan([0, 0, 2]);
		expect(await refused(await requestFor(model, { plan }))).toContain('3 layers; model has 4');
		expect(await refused(await requestFor(model, { prompt: 253 }))).toContain('at most 256');
	});

	it('where two written models are not of one', async () => {
		const file = await onnxModel('other');
		const planned = join(scratch, 'planned');
		const deps = depsOf().deps;
		const against = (given: { model?: string; against?: string; memoryLimitBytes?: number }) =>
			measureWritten({ model: file, against: planned, ...fixed, ...SETTING, ...given }, deps);
		await expect(against({})).rejects.toThrow(
			`${file} and ${planned}: the second was made from model, of other weights; expected two of one model`
		);
		await expect(against({ model })).rejects.toThrow('not an ONNX model');
		const base = join(scratch, 'base');
		await expect(against({ model: base, memoryLimitBytes: 1e8 })).rejects.toThrow('memory: two');
		await expect(against({ against: base })).rejects.toThrow(
			`${base}: has no plan; expected one with`
		);
	});

	it('where a merged decoder is to be measured against what was written of another', async () => {
		const merged = await writeOnnxFolder(join(scratch, 'merged'), mergedDecoder());
		const request = { model: merged, against: join(scratch, 'planned'), ...fixed, ...SETTING };
		await expect(measureWritten(request, depsOf().deps)).rejects.toThrow(
			'expected a model exported without merging'
		);
	});
});

describe('what a bench takes', () => {
	it('is two processes that hold the weights, and all rounds of both', async () => {
		const prepared = await prepareBench(await requestFor(model));
		const wider = await prepareBench(await requestFor(model, { batch: 8 }));
		expect(prepared.scratchBytes).toBe(2 * prepared.fileBytes);
		expect(wider.memoryBytes).toBeGreaterThan(prepared.memoryBytes);
		const estimate = await estimateOfBench(prepared, join(scratch, 'nobody'));
		expect(estimate).toMatchObject({
			memoryBytes: prepared.memoryBytes,
			memoryLimitBytes: 4e9,
			secondsFrom: 'guess',
			context: 12,
			windows: 2,
			tokens: 6 * (2 * 12 + 4)
		});
		const longer = await prepareBench(await requestFor(model, { generate: 40 }));
		const { seconds } = await estimateOfBench(longer, join(scratch, 'nobody'));
		expect(seconds).toBeGreaterThan(estimate.seconds);
	});

	it('counts weights of halves as the float32 that they become, and a smaller cache', async () => {
		const of = async (dtype: 'fp32' | 'fp16') => prepareBench(await requestFor(model, { dtype }));
		const [wide, half] = [await of('fp32'), await of('fp16')];
		expect(half.fileBytes).toBeLessThan(wide.fileBytes);
		expect(half.weightBytes).toBe(wide.weightBytes);
		// Two sides hold three caches: keys and values of 4 layers, 2 heads of 16, 12 + 4 tokens, 2 bytes less.
		expect(wide.memoryBytes - half.memoryBytes).toBeCloseTo(2 * 3 * 2 * 4 * 2 * 16 * 16 * 2);
	});

	it('counts weights inside the proto some times more than those beside it', async () => {
		const proto = () => cachedOnnx({ form: 'groupQuery' });
		const of = async (dataFiles: number) => {
			const folder = join(scratch, `estimated-${dataFiles}`);
			const file = await writeOnnxFolder(folder, proto(), { dataFiles });
			return prepareBench(await requestFor(file, { plan: onnxPlan() }));
		};
		// Only what has 100 bytes or more is laid beside it.
		const moved = (proto().graph?.initializer ?? [])
			.map(({ rawData }) => rawData.length)
			.filter((bytes) => bytes >= 100)
			.reduce((sum, bytes) => sum + bytes, 0);
		const [inside, beside] = [await of(0), await of(1)];
		expect(inside.memoryBytes - beside.memoryBytes).toBeCloseTo(2 * 2.5 * moved);
	});

	it('is of one written model where the other is there', async () => {
		const file = await onnxModel('estimated');
		const own = await prepareBench(await requestFor(file, { plan: onnxPlan() }));
		expect(own).toMatchObject({ written: 1, dtype: 'float32', scratchBytes: own.fileBytes });
	});
});
