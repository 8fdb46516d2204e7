import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { engineFor } from '../../analysis/engine/engineFor.ts';
import type { PlannedLayers } from '../../analysis/engine/forward.ts';
import type { Plans } from '../../analysis/engine/plans.ts';
import type { CheckpointModel } from '../../analysis/model/open.ts';
import { openModel } from '../../analysis/model/open.ts';
import { cutWindows } from '../../analysis/model/tokens/windows.ts';
import { makePlan } from '../../analysis/plan/planFile.ts';
import { planSpans } from '../../analysis/plan/spans.ts';
import { measureDamage } from '../../analysis/measure/damage/damage.ts';
import { mean } from '../../analysis/statistics/figures.ts';
import { evaluatePlan } from '../../analysis/measure/evaluate/evaluate.ts';
import { measureBaseline } from '../../analysis/measure/choices/baseline.ts';
import { makeProbes } from '../../analysis/measure/evaluate/probes/make.ts';
import { measureProbes } from '../../analysis/measure/evaluate/probes/measure.ts';
import { probeWords } from '../../analysis/measure/evaluate/probes/words.ts';
import { searchPlans } from '../../analysis/measure/search/search.ts';
import { writeTinyCheckpoint } from '../builders/checkpoint.ts';

/** Both engines in float32. */
const [LOSS, RELATIVE] = [1e-5, 1e-4];
const TORCH = { device: 'cpu', dtype: 'float32' } as const;
const BY_TORCH = { name: 'torch', path: 'resident', ...TORCH };
const CONTEXT = 64;
const LAYERS = 16;

let home: string;
let text: string;
beforeAll(async () => {
	home = await mkdtemp(join(tmpdir(), 'spanwise-plans-'));
	text = await readFile('static/samples/walden.txt', 'utf8');
});
afterAll(() => rm(home, { recursive: true }));

const own = Array.from({ length: LAYERS }, (_, layer) => layer);
const REVERSED = [5, 4, 3, 2, 1, 0];

function within(found: readonly number[], expected: readonly number[], tolerance = LOSS): void {
	expect(found).toHaveLength(expected.length);
	for (const [at, value] of found.entries())
		expect(Math.abs(value - expected[at])).toBeLessThanOrEqual(tolerance);
}

describe.each(['mini-llama2', 'mini-llama3'])('both engines on %s', (name) => {
	let model: CheckpointModel;
	let engines: { onnx: Plans; torch: Plans };
	let windows: { ids: readonly number[] }[];
	beforeAll(async () => {
		const opened = await openModel(`models/${name}`);
		if (opened.form !== 'checkpoint') throw new Error(`${name} is no checkpoint`);
		model = opened;
		const cut = await cutWindows([{ name: 'walden.txt', text }], await model.tokenizer(), {
			context: CONTEXT,
			windows: 3
		});
		windows = cut.windows;
		const size = {
			samples: [{ context: CONTEXT, scored: CONTEXT - 1, windowCount: 3 }],
			limitBytes: 4e9
		};
		const open = (torch: typeof TORCH | null) => engineFor(model, torch).plans(size).open();
		engines = { onnx: await open(null), torch: await open(TORCH) };
	});
	afterAll(async () => {
		await engines.onnx.close();
		await engines.torch.close();
		await model.close();
	});

	async function losses(engine: Plans, plans: PlannedLayers[], scored: number) {
		const found = plans.map((): number[] => []);
		await engine.losses(plans, windows, scored, {
			isMissing: () => true,
			onLosses: (plan, window, values) => {
				found[plan][window] = mean([...values]);
				return Promise.resolve();
			}
		});
		return found.flat();
	}

	it('give the losses of plans: spans, drops, head maps, repairs, and those of the last tokens', async () => {
		const span = { sources: own.map((layer) => (layer > 4 && layer <= 6 ? 4 : layer)) };
		const plans: PlannedLayers[] = [
			{ sources: own },
			span,
			{ ...span, headMaps: own.map((layer) => (layer === 5 ? REVERSED : null)) },
			{ sources: own.map((layer) => (layer === 3 || layer === 9 ? null : layer)) },
			{ sources: own.map((layer) => (layer === 12 ? 2 : layer)) }
		];
		const mended = { ...span, repairs: (await engines.onnx.repair(span, windows, [0.1]))[0] };
		for (const scored of [CONTEXT - 1, 20]) {
			const all = [...plans, mended];
			within(await losses(engines.torch, all, scored), await losses(engines.onnx, all, scored));
		}
	});

	it('give the output errors of pairs and how far attention turns the state', async () => {
		const pairs = [
			{ source: 0, follower: 1 },
			{ source: 4, follower: 9 },
			{ source: 8, follower: 9 }
		];
		const [found, expected] = [
			(await engines.torch.outputErrors(pairs, windows)).flat(),
			(await engines.onnx.outputErrors(pairs, windows)).flat()
		];
		for (const [at, { missing, own: whole }] of found.entries()) {
			expect(Math.abs(missing / expected[at].missing - 1)).toBeLessThan(RELATIVE);
			expect(Math.abs(whole / expected[at].own - 1)).toBeLessThan(RELATIVE);
		}
		const sources = own.map((layer) => (layer === 7 ? null : layer));
		within(
			await engines.torch.turned(sources, windows),
			await engines.onnx.turned(sources, windows)
		);
	});

	it('answer long in-context probes alike', async () => {
		const { maxPositions, vocab } = model.facts;
		const words = await probeWords(await model.tokenizer(), vocab);
		const { sets } = makeProbes([128], words, { maxPositions, fixedContext: null });
		// Some of each: the comparison is of two engines, not of two models.
		const few = sets.map((set) => ({ ...set, sequences: set.sequences.slice(0, 2) }));
		const plan = { sources: own.map((layer) => (layer === 5 ? 4 : layer === 9 ? null : layer)) };
		const size = { context: 128, longest: 128, windowCount: 2, limitBytes: 4e9 };
		const ask = async (torch: typeof TORCH | null) => {
			const comparison = await engineFor(model, torch).compare(plan, size).open(home);
			try {
				return await measureProbes(comparison, few, name, () => undefined);
			} finally {
				await comparison.close();
			}
		};
		const [found, expected] = [await ask(TORCH), await ask(null)];
		expect(found.map(({ task }) => task)).toEqual(['key-value', 'labels']);
		for (const [at, { baseline, planned, questions }] of found.entries()) {
			expect(questions).toBe(expected[at].questions);
			expect(planned.accuracy).toBe(expected[at].planned.accuracy);
			within([baseline.nats], [expected[at].baseline.nats]);
			within([planned.nats], [expected[at].planned.nats]);
			expect(Math.abs(planned.nats - baseline.nats)).toBeGreaterThan(1e-3);
		}
	});

	it('fit the same repairs of followers and dropped layers', async () => {
		const plan = { sources: own.map((layer) => (layer === 5 ? 4 : layer === 8 ? null : layer)) };
		const [found] = await engines.torch.repair(plan, windows, [0.1]);
		const [expected] = await engines.onnx.repair(plan, windows, [0.1]);
		expect([...found.keys()].sort()).toEqual([...expected.keys()].sort());
		within([...(found.get(5)?.o ?? [])], [...(expected.get(5)?.o ?? [])], 1e-3);
		within([...(found.get(8)?.bias ?? [])], [...(expected.get(8)?.bias ?? [])]);
	});
});

describe('on a tiny model', () => {
	const DOCUMENTS = ['sea', 'hand'].map((word) => ({
		name: `${word}.txt`,
		text: `the ${word} and the rain on the sand, and again the ${word}. `.repeat(60)
	}));
	let tiny: string;
	beforeAll(async () => {
		tiny = join(home, 'tiny');
		await writeTinyCheckpoint(tiny, { config: { model_type: 'llama', num_hidden_layers: 5 } });
	});
	const asked = () => ({
		...{ modelFolder: tiny, documents: DOCUMENTS, memoryLimitBytes: 4e9, home },
		...{ context: 32, windows: 3, maxSpan: 3 }
	});
	const opened = async <Result>(use: (model: CheckpointModel) => Promise<Result>) => {
		const model = await openModel(tiny);
		if (model.form !== 'checkpoint') throw new Error('tiny is no checkpoint');
		return use(model).finally(() => model.close());
	};
	/** Numbers of a report, in order. */
	const numbers = (value: unknown): number[] => {
		if (typeof value === 'number') return [value];
		return value === null || typeof value !== 'object' ? [] : Object.values(value).flatMap(numbers);
	};

	it('damage has the same map, keeps its results apart, and goes on', async () => {
		const measure = (torch: typeof TORCH | null, progressed: string[] = []) =>
			opened((model) =>
				measureDamage(
					model,
					{ ...asked(), torch, progressFile: null },
					{ onProgress: ({ stage, fraction }) => progressed.push(`${stage} ${fraction}`) }
				)
			);
		const onnx = await measure(null);
		const reported: string[] = [];
		const torch = await measure(TORCH, reported);
		expect(torch.engine).toEqual(BY_TORCH);
		expect(torch.progressFile).not.toBe(onnx.progressFile);
		within(torch.report.drop, onnx.report.drop);
		within(numbers(torch.report.pairs), numbers(onnx.report.pairs), 1e-4);
		within(numbers(torch.report.spans), numbers(onnx.report.spans));
		within(numbers(torch.report.recall), numbers(onnx.report.recall), 1e-4);
		expect(reported.some((line) => line.startsWith('sharing'))).toBe(true);
		const again: string[] = [];
		expect((await measure(TORCH, again)).report).toEqual(torch.report);
		expect(again).toEqual(['reading weights 1']);
	});

	it('evaluate has the same report', async () => {
		const sources = [0, 1, 1, 3, null];
		const plan = makePlan({
			model: { name: 'tiny', architecture: 'x', layers: 5, heads: 4, kvHeads: 2, hash: '0' },
			...{ sources, spans: planSpans(sources, null), definition: null, predicted: null }
		});
		const request = { ...asked(), plan, repairs: null, questions: null, gates: {} };
		const evaluate = (torch: typeof TORCH | null) =>
			opened((model) =>
				evaluatePlan(model, { ...request, torch }, { onProgress: () => undefined })
			);
		const [onnx, torch] = [await evaluate(null), await evaluate(TORCH)];
		expect(torch.engine).toEqual(BY_TORCH);
		const figures = ({ report }: typeof onnx) =>
			numbers([report.baseline, report.shared, report.delta, report.agreement, report.kl]);
		within(figures(torch), figures(onnx), 1e-4);
		within(numbers(torch.report.recall), numbers(onnx.report.recall), 1e-4);
	});

	it('questions alone have the same accuracies, and say which engine answered', async () => {
		const questions = ['sea', 'hand', 'rain'].map((word) => ({
			...{ prompt: `the ${word} and the`, choices: [' rain', ' sand', ' sea'], answer: 1 },
			group: null
		}));
		const ask = (torch: typeof TORCH | null) =>
			opened((model) =>
				measureBaseline(
					model,
					{ ...asked(), questions, tokenizer: null, torch },
					{ onProgress: () => undefined, onPrepared: () => undefined }
				)
			);
		const { engine, ...found } = await ask(TORCH);
		expect(engine).toEqual(BY_TORCH);
		const { engine: own, ...expected } = await ask(null);
		expect(own).toMatchObject({ name: 'onnxruntime', path: 'resident' });
		expect(found).toEqual(expected);
	});

	it('search comes to the same plans', async () => {
		const request = {
			...asked(),
			...{ goal: { kind: 'followers', followers: 1 } as const, protectedLayers: [] },
			...{ repair: true, maxRecallIncrease: 0.1, randomPlans: 3, shortlist: null }
		};
		const search = (torch: typeof TORCH | null) =>
			opened((model) => searchPlans(model, { ...request, torch }, { onProgress: () => undefined }));
		const [onnx, torch] = [await search(null), await search(TORCH)];
		expect(torch.search.engine).toEqual(BY_TORCH);
		const plansOf = ({ search: { report } }: typeof onnx) =>
			report.plans.map(({ name, sources }) => ({ name, sources }));
		expect(plansOf(torch)).toEqual(plansOf(onnx));
		within(
			torch.search.report.plans.map(({ report }) => report.loss),
			onnx.search.report.plans.map(({ report }) => report.loss),
			1e-4
		);
	});
});
