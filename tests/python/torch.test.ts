import { peakRssBytes } from '../../analysis/process/peakMemory.ts';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Compared } from '../../analysis/engine/variants.ts';
import type { PlannedLayers } from '../../analysis/engine/forward.ts';
import { TorchRun } from '../../analysis/engine/torchRun.ts';
import { TorchWorker } from '../../analysis/engine/torchWorker.ts';
import { analyze } from '../../analysis/measure/analyze/analyze.ts';
import { openModel, type CheckpointModel } from '../../analysis/model/open.ts';
import { similarityMatrix } from '../../analysis/similarity/measure.ts';
import { METRICS, VIEWS } from '../../analysis/similarity/types.ts';
import { readRun, readSums } from '../../analysis/workspace/run/read.ts';
import { engineFor } from '../../analysis/engine/engineFor.ts';

/** Both engines in float32; see the tolerances of the design. */
const [SIMILARITY, LOSS, PROBABILITY] = [1e-5, 2e-5, 1e-6];
const TORCH = { device: 'cpu', dtype: 'float32' } as const;

/** Figures by transformers. */
interface Reference {
	ids: number[];
	nll: number;
	shared: Record<string, number>;
}

let home: string;
let model: CheckpointModel;
let engine: TorchRun;
let reference: Reference;
beforeAll(async () => {
	home = await mkdtemp(join(tmpdir(), 'spanwise-python-'));
	const opened = await openModel('models/mini-llama3');
	if (opened.form !== 'checkpoint') throw new Error('mini-llama3 is no checkpoint');
	model = opened;
	engine = await TorchRun.open(model, TORCH);
	const file = 'tests/fixtures/reference/mini-llama3.json';
	reference = JSON.parse(await readFile(file, 'utf8')) as Reference;
});
afterAll(async () => {
	await engine.close();
	await model.close();
	await rm(home, { recursive: true });
});

const own = Array.from({ length: 16 }, (_, layer) => layer);
function sharing([first, last]: readonly number[]) {
	return { sources: own.map((layer) => (layer > first && layer <= last ? first : layer)) };
}
const within = (found: number, expected: number, tolerance: number): void => {
	expect(Math.abs(found - expected)).toBeLessThanOrEqual(tolerance);
};
const mean = (values: Float64Array): number =>
	values.reduce((sum, value) => sum + value, 0) / values.length;

/** The reference's window without and with a plan. */
async function comparedWith(plan: PlannedLayers) {
	const found: Compared<Reference>[] = [];
	for await (const each of engine.compare(plan, [reference])) found.push(each);
	return found;
}

it('says which device and type it runs on', () => {
	expect(engine.place).toEqual(TORCH);
});

it('analyses as onnxruntime does: every metric and view, the profile and the loss', async () => {
	// Long enough for one probe of recall.
	const text = (await readFile('static/samples/walden.txt', 'utf8')).slice(0, 6000);
	const request = {
		modelFolder: model.path,
		documents: [{ name: 'walden.txt', text }],
		context: 96,
		windows: 3,
		metrics: [...METRICS],
		views: [...VIEWS],
		jsRows: 16,
		memoryLimitBytes: 4e9,
		home
	};
	const run = (id: string, torch: typeof TORCH | null) =>
		analyze(
			model,
			{ ...request, torch },
			{ runFolder: join(home, id), id, command: '', onProgress: () => undefined }
		);
	const records = { onnx: await run('onnx', null), torch: await run('torch', TORCH) };
	expect(records.torch.engine).toEqual({ name: 'torch', path: 'resident', ...TORCH });
	expect(await readRun(join(home, 'torch'))).toEqual(records.torch);
	within(records.torch.loss, records.onnx.loss, LOSS);
	// Python is a process of its own, and PyTorch alone takes more.
	expect(records.torch.telemetry?.peakRssBytes).toBeGreaterThan(peakRssBytes() + 200e6);
	expect(records.torch.recall?.windows).toBe(records.onnx.recall?.windows);
	within(records.torch.recall?.loss ?? NaN, records.onnx.recall?.loss ?? NaN, 1e-4);
	for (const [layer, heads] of (records.onnx.induction ?? []).entries())
		for (const [head, score] of heads.entries())
			within(records.torch.induction?.[layer][head] ?? NaN, score, SIMILARITY);
	for (const layer of own) {
		const entropies = [records.torch, records.onnx].map(
			({ profile }) => profile.entropyNats[layer]
		);
		within(entropies[0], entropies[1], 1e-4);
	}
	for (const view of VIEWS) {
		const [found, expected] = await Promise.all(
			(['torch', 'onnx'] as const).map((id) => readSums(join(home, id), records[id], view))
		);
		expect(found.windowCount).toBe(3);
		expect(found.windows?.length).toBe(expected.windows?.length);
		for (const metric of METRICS) {
			const other = similarityMatrix(expected, metric);
			for (const [at, value] of similarityMatrix(found, metric).entries())
				within(value, other[at], SIMILARITY);
		}
	}
});

it('gives the losses of plans that transformers gives, and only those that are missing', async () => {
	const spans = Object.keys(reference.shared);
	const plans = [{ sources: own }, ...spans.map((span) => sharing(span.split('-').map(Number)))];
	const found = new Map<number, number>();
	const sink = {
		isMissing: (plan: number) => plan !== 1,
		onLosses: (plan: number, _: number, losses: Float64Array) => {
			found.set(plan, mean(losses));
			return Promise.resolve();
		}
	};
	await engine.losses(plans, [reference], reference.ids.length - 1, sink);
	expect([...found.keys()].sort()).toEqual([...plans.keys()].filter((plan) => plan !== 1));
	within(found.get(0) ?? NaN, reference.nll, LOSS);
	for (const [at, span] of spans.entries())
		if (at > 0) within(found.get(at + 1) ?? NaN, reference.shared[span], LOSS);
});

it('compares a plan with the baseline, and a mended plan with neither', async () => {
	const [span, planned] = Object.entries(reference.shared)[0];
	const plan = sharing(span.split('-').map(Number));
	const compared = await comparedWith(plan);
	expect(compared).toHaveLength(1);
	const { comparison, time } = compared[0];
	within(mean(comparison.baseline), reference.nll, LOSS);
	within(mean(comparison.shared), planned, LOSS);
	expect(mean(comparison.kl)).toBeGreaterThan(0);
	expect(time.shared.seconds).toBeGreaterThan(0);
	const [repairs] = await engine.repair(plan, [reference], [0.1]);
	expect([...repairs.values()].every(({ o }) => o?.length === 192 * 192)).toBe(true);
	const [mended] = await comparedWith({ ...plan, repairs });
	expect(mean(mended.comparison.shared)).toBeLessThan(planned);
});

it('gives token maps and output errors', async () => {
	const ids = reference.ids.slice(0, 48);
	const found = await engine.tokenMaps([3, 0], { ids });
	const expected = await engineFor(model).tokenMaps({ ids, layers: [3, 0] });
	expect(found.shape).toEqual(expected.shape);
	found.data.forEach((value, at) => {
		if (Math.abs(value - expected.data[at]) > PROBABILITY)
			within(value, expected.data[at], PROBABILITY);
	});
	const [[{ missing, own: whole }]] = await engine.outputErrors(
		[{ source: 4, follower: 5 }],
		[{ ids }]
	);
	expect(missing / whole).toBeGreaterThan(0);
});

it('hands on what the worker refuses', async () => {
	await expect(engine.tokenMaps([99], { ids: [1, 2, 3] })).rejects.toThrow(
		/layers \[99\]: allowed: 0 to 15/
	);
	await expect(TorchRun.open(model, { ...TORCH, device: 'cuda:99' })).rejects.toThrow(
		/device cuda:99: PyTorch sees \d+ CUDA devices/
	);
});

it('says what a Python is missing, and that there is none', async () => {
	await expect(TorchWorker.start('/nowhere/python3')).rejects.toThrow(
		/\/nowhere\/python3: not found; the PyTorch engine needs Python/
	);
});
