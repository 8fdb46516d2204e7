import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { spreadOf } from '../../statistics/figures.ts';
import { writeTinyCheckpoint } from '../../../tests/builders/checkpoint.ts';
import { ForwardPass } from '../../engine/forward.ts';
import { LanguageHead } from '../../engine/head.ts';
import { allocateWindow, attentionLayout } from '../../engine/layout.ts';
import { WeightSource } from '../../engine/weights.ts';
import { openCheckpoint } from '../../model/checkpoint/open.ts';
import { WeightReader } from '../../model/checkpoint/read.ts';
import { makePlan, parsePlan } from '../../plan/planFile.ts';
import { headMapsOf, planSpans } from '../../plan/spans.ts';
import type { Plan, Sources } from '../../plan/types.ts';
import type { Progress } from '../../telemetry/progress.ts';
import { loadTokenizer } from '../../model/tokens/tokenizer.ts';
import { inTurns } from '../../engine/variants.ts';
import { checkpointVariants } from '../../engine/checkpointVariants.ts';
import { encodeChoices, filledLength, type ChoiceTokens } from '../choices/encode.ts';
import { measureChoices } from '../choices/measure.ts';
import { measuredPlan } from './measuredPlan.ts';
import type { PreparedEvaluation } from './prepare.ts';
import type { EvaluateRequest } from './types.ts';
import { evaluatePlan } from '../../../tests/builders/opened.ts';

let home: string;
let tiny: string;
beforeAll(async () => {
	home = await mkdtemp(join(tmpdir(), 'spanwise-evaluate-'));
	tiny = join(home, 'tiny');
	await writeTinyCheckpoint(tiny, { config: { num_hidden_layers: 5 } });
});
afterAll(() => rm(home, { recursive: true }));

const DOCUMENTS = ['sea', 'hand'].map((word) => ({
	name: `${word}.txt`,
	text: `the ${word} and the rain on the sand, and again the ${word}. `.repeat(30)
}));

function planOf(sources: Sources, facts: Partial<Plan['model']> = {}, map?: number[]): Plan {
	return makePlan({
		model: {
			name: 'tiny',
			architecture: 'LlamaForCausalLM',
			layers: sources.length,
			heads: 4,
			kvHeads: 2,
			hash: 'other',
			...facts
		},
		sources,
		spans: planSpans(sources, null, map && (() => map)),
		definition: null,
		predicted: null
	});
}

function evaluate(
	plan: Plan,
	request: Partial<EvaluateRequest> = {},
	onPrepared?: (prepared: PreparedEvaluation) => void
) {
	return evaluatePlan(
		{
			modelFolder: tiny,
			plan,
			repairs: null,
			documents: DOCUMENTS,
			context: 32,
			windows: 4,
			questions: null,
			gates: {},
			recall: false,
			memoryLimitBytes: 2e9,
			home,
			...request
		},
		{ onProgress: () => undefined, onPrepared }
	);
}

describe('a plan without followers', () => {
	it('costs nothing: difference 0, divergence 0, agreement 1, exactly', async () => {
		const { report } = await evaluate(planOf([0, 1, 2, 3, 4]), { gates: { maxLossIncrease: 0 } });
		expect(report.delta).toEqual({ loss: 0, low: 0, high: 0, over: 'documents' });
		expect(report.kl).toEqual({ mean: 0, p99: 0 });
		expect(report.agreement).toBe(1);
		expect(report.shared).toEqual(report.baseline);
		expect(report.worst).toEqual([]);
		expect(report.gates?.verdict).toBe('pass');
	});
});

describe('long in-context probes', () => {
	const modelFolder = 'models/mini-llama2';
	const own: Sources = Array.from({ length: 16 }, (_, layer) => layer);
	const small = { modelFolder, context: 32, windows: 2 };

	it('cost nothing without followers, and are those of each task', async () => {
		const { report } = await evaluate(planOf(own, { heads: 6, kvHeads: 6 }), {
			...small,
			probes: [64]
		});
		expect(report.probes?.map(({ task, tokens, questions }) => [task, tokens, questions])).toEqual([
			['key-value', 64, 24],
			['labels', 64, 24]
		]);
		for (const { baseline, planned, delta } of report.probes ?? []) {
			expect(planned).toEqual(baseline);
			expect(delta.accuracy).toEqual({ value: 0, low: 0, high: 0 });
			expect(delta.nats).toEqual({ value: 0, low: 0, high: 0 });
		}
	});

	it('change with a plan, are judged, and say where they are shorter than asked for', async () => {
		const plan = planOf([...own.slice(0, 8), 7, null, ...own.slice(10)], { heads: 6, kvHeads: 6 });
		const short = join(home, 'short');
		await cp(modelFolder, short, { recursive: true });
		const config = await readFile(join(short, 'config.json'), 'utf8');
		const fewer = { ...(JSON.parse(config) as object), max_position_embeddings: 96 };
		await writeFile(join(short, 'config.json'), JSON.stringify(fewer));
		const { report, notes } = await evaluate(plan, {
			...small,
			modelFolder: short,
			probes: [64, 2048],
			gates: { maxProbeDrop: 1 }
		});
		expect(report.probes?.map(({ tokens }) => tokens)).toEqual([64, 64, 96, 96]);
		expect(notes).toContain(
			'probes of 2048 tokens were made with 96: the model has positions for 96 tokens'
		);
		for (const { delta, baseline, planned } of report.probes ?? []) {
			expect(delta.nats.value).toBeCloseTo(planned.nats - baseline.nats, 12);
			expect(delta.nats.value).not.toBe(0);
		}
		expect(report.gates?.judged.map(({ of }) => of)).toEqual([
			'key-value, 64 tokens',
			'labels, 64 tokens',
			'key-value, 96 tokens',
			'labels, 96 tokens'
		]);
	});

	it.each([
		[{ gates: { maxProbeDrop: 0 } }, 'maxProbeDrop: no probes to judge it by; ask for them with'],
		[
			{ probes: [1024], memoryLimitBytes: 120e6 },
			/^probes of 1024 tokens: memory: .*shorter --probes$/
		]
	])('are refused: %j', async (request, message) => {
		const asked = evaluate(planOf(own, { heads: 6, kvHeads: 6 }), { ...small, ...request });
		await expect(asked).rejects.toThrow(message);
	});
});

describe('a plan with followers', () => {
	it('is compared window by window', async () => {
		const { report, context } = await evaluate(planOf([0, 1, 1, null, 4]));
		const { windows, baseline, shared, delta, kl } = report;
		expect(windows.map(({ document, tokens }) => [document, tokens])).toEqual([
			[0, 31],
			[0, 31],
			[1, 31],
			[1, 31]
		]);
		expect([context, baseline.tokens, shared.tokens]).toEqual([32, 124, 124]);
		const mean = (of: 'baseline' | 'shared' | 'kl') =>
			windows.reduce((sum, window) => sum + window[of], 0) / windows.length;
		expect(baseline.loss).toBeCloseTo(mean('baseline'), 12);
		expect(shared.perplexity).toBeCloseTo(Math.exp(mean('shared')), 9);
		expect(delta.loss).toBeCloseTo(shared.loss - baseline.loss, 12);
		expect(delta.low).toBeLessThanOrEqual(delta.loss);
		expect(delta.high).toBeGreaterThanOrEqual(delta.loss);
		expect(kl.mean).toBeCloseTo(mean('kl'), 12);
		expect(kl.mean).toBeGreaterThan(0);
		expect(kl.p99).toBeGreaterThan(kl.mean);
		const bytes = windows.reduce((sum, window) => sum + window.bytes, 0);
		expect(baseline.bitsPerByte).toBeCloseTo((baseline.loss * 124) / Math.LN2 / bytes, 12);
	});

	it('gives the same losses whether weights stay in memory or are streamed for groups of windows', async () => {
		const plan = planOf([0, 1, 1, 3, 4, null, 6, 6]);
		const modelFolder = join(home, 'wide');
		const config = { num_hidden_layers: 8, intermediate_size: 3000 };
		await writeTinyCheckpoint(modelFolder, { dtype: 'BF16', config });
		let residentBytes = 0;
		const kept = await evaluate(plan, { modelFolder, windows: 5 }, ({ memory }) => {
			residentBytes = memory.bytes;
		});
		// One byte too little for all weights at once, and enough for one layer's and some windows.
		const memoryLimitBytes = residentBytes - 1;
		let windowsPerGroup = 0;
		const streamed = await evaluate(
			plan,
			{ modelFolder, windows: 5, memoryLimitBytes },
			({ memory }) => {
				({ windowsPerGroup } = memory);
			}
		);
		expect(windowsPerGroup).toBeGreaterThan(1);
		expect(kept.report.cost.measured.weights).toBe('resident');
		expect(streamed.report.cost.measured.weights).toBe('streamed');
		const own = { name: 'onnxruntime', device: 'cpu', dtype: 'float32' };
		expect(kept.engine).toEqual({ ...own, path: 'resident' });
		expect(streamed.engine).toEqual({ ...own, path: 'streamed' });
		expect(kept.notes.join()).not.toContain('layer by layer');
		expect(streamed.notes.join()).toContain('weights are read and widened layer by layer');
		expect(streamed.report.shared.loss).toBeCloseTo(kept.report.shared.loss, 5);
		expect(streamed.report.delta.loss).toBeCloseTo(kept.report.delta.loss, 5);
		expect(streamed.report.kl.mean).toBeCloseTo(kept.report.kl.mean, 5);
		expect(streamed.report.agreement).toBe(kept.report.agreement);
	});

	it('runs with its head maps', async () => {
		const identity = await evaluate(planOf([0, 1, 1, 3, 4]));
		const same = await evaluate(planOf([0, 1, 1, 3, 4], {}, [0, 1, 2, 3]));
		const mapped = await evaluate(planOf([0, 1, 1, 3, 4], {}, [3, 2, 1, 0]));
		expect(same.report.shared).toEqual(identity.report.shared);
		expect(mapped.report.shared.loss).not.toBe(identity.report.shared.loss);
		expect(mapped.report.baseline).toEqual(identity.report.baseline);
	});

	it('shows the windows that it made worst token by token, the most added loss first', async () => {
		const { report } = await evaluate(planOf([0, 1, 1, null, 4]), { windows: 8 });
		const { windows, worst } = report;
		const added = (window: number) => windows[window].shared - windows[window].baseline;
		const rising = windows
			.map((_, window) => window)
			.filter((window) => added(window) > 0)
			.sort((a, b) => added(b) - added(a));
		expect(rising.length).toBeGreaterThan(0);
		expect(worst.map(({ window }) => window)).toEqual(rising.slice(0, 5));
		for (const { window, pieces, baseline, shared } of worst) {
			const { document, start } = windows[window];
			const text = DOCUMENTS[document].text.slice(start).trim();
			expect(text.startsWith(pieces.join('').trim())).toBe(true);
			expect([pieces.length, baseline.length, shared.length]).toEqual([31, 31, 31]);
			const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / 31;
			expect(mean(shared) - mean(baseline)).toBeCloseTo(added(window), 5);
		}
	});

	it('measures time of both variants and sets predicted savings beside it', async () => {
		const { report } = await evaluate(planOf([0, 1, 1, 1, 4]));
		const { measured, predicted } = report.cost;
		const { windows } = report;
		expect(measured.baseline.prefillSeconds).toEqual(
			spreadOf(windows.map(({ baselineSeconds }) => baselineSeconds))
		);
		expect(measured.shared.prefillSeconds).toEqual(
			spreadOf(windows.map(({ sharedSeconds }) => sharedSeconds))
		);
		expect(measured.prefillRatio).toEqual(
			spreadOf(windows.map((row) => row.sharedSeconds / row.baselineSeconds))
		);
		expect(predicted).toMatchObject({ followers: 2, context: 32, batch: 1, elementBytes: 4 });
	});

	it('labels an interval over one document as one over blocks, and has none of one window', async () => {
		const plan = planOf([0, 1, 1, 3, 4]);
		const [documents] = [DOCUMENTS.slice(0, 1)];
		expect((await evaluate(plan, { documents })).report.delta.over).toBe('blocks');
		const single = await evaluate(plan, { documents, windows: 1, gates: { minAgreement: 0 } });
		expect(single.report.delta).toMatchObject({ low: null, high: null, over: null });
		expect(single.report.gates?.verdict).toBe('inconclusive');
	});

	it('is written into the plan, which stays a plan', async () => {
		const plan = planOf([0, 1, 1, 3, 4]);
		const evaluation = await evaluate(plan);
		const written: unknown = JSON.parse(JSON.stringify(measuredPlan(plan, evaluation)));
		const { measured, ...rest } = parsePlan(written, 'plan.json');
		expect({ ...rest, measured: null }).toEqual(plan);
		expect(measured).not.toHaveProperty('worst');
		expect(measured).toMatchObject({
			baseline: evaluation.report.baseline,
			delta: evaluation.report.delta,
			model: { name: 'tiny', hash: evaluation.model.hash },
			context: 32,
			windows: 4
		});
	});
});

it('reports the work of both variants, ending at 1', async () => {
	const seen: Progress[] = [];
	await evaluatePlan(
		{
			modelFolder: tiny,
			plan: planOf([0, 1, 1, 3, 4]),
			repairs: null,
			documents: DOCUMENTS,
			context: 32,
			windows: 3,
			questions: null,
			gates: {},
			recall: false,
			memoryLimitBytes: null,
			home
		},
		{ onProgress: (progress) => seen.push(progress) }
	);
	const fractions = seen.map(({ fraction }) => fraction);
	expect(fractions).toEqual(fractions.toSorted((a, b) => a - b));
	expect(fractions.at(-1)).toBeCloseTo(1, 9);
	expect(new Set(seen.map(({ stage }) => stage))).toEqual(
		new Set(['reading weights', 'layers', 'layers, sharing', 'comparing'])
	);
});

describe('questions of multiple choice', () => {
	const questions = ['sea', 'hand', 'rain'].flatMap((word, index) => [
		{
			prompt: `the ${word} and the rain`,
			choices: [' on the sand', ' and again the ' + word, '. the hand and the sea on it'],
			answer: index,
			group: index === 0 ? 'a' : 'b'
		},
		{ prompt: 'on', choices: [' the sand', ' it'], answer: 0, group: 'b' }
	]);

	it('are answered the same by a plan without followers', async () => {
		const { report } = await evaluate(planOf([0, 1, 2, 3, 4]), {
			questions,
			gates: { maxAccuracyDrop: 0 }
		});
		expect(report.choices?.questions).toBe(6);
		expect(report.choices?.shared).toEqual(report.choices?.baseline);
		expect(report.choices?.delta.acc).toEqual({ value: 0, low: 0, high: 0 });
		expect(report.choices?.mcnemar.acc_norm).toEqual({ onlyBaseline: 0, onlyShared: 0, p: 1 });
		expect(report.gates?.judged).toMatchObject([{ gate: 'maxAccuracyDrop', verdict: 'pass' }]);
	});

	it('are asked for by a gate on accuracy', async () => {
		await expect(
			evaluate(planOf([0, 1, 1, 3, 4]), { gates: { maxAccuracyDrop: 0.1 } })
		).rejects.toThrow('maxAccuracyDrop: no questions to judge it by');
	});

	it('have the log-likelihood of a whole window, under both variants, whatever they are filled up with', async () => {
		const checkpoint = await openCheckpoint(tiny);
		const { config } = checkpoint;
		const tokenizer = await loadTokenizer(tiny, config);
		const plan = planOf([0, 1, 1, null, 4]);
		const planned = { sources: plan.sources, headMaps: headMapsOf(plan.spans, 5) };
		const choices = await encodeChoices(questions, tokenizer, config.maxPositions);
		const reader = new WeightReader();
		const memory = { resident: false, windowsPerGroup: 2, bytes: 0, limitBytes: 0 };
		const runner = checkpointVariants(checkpoint, planned, memory, reader, null);
		const comparison = inTurns(runner, memory.windowsPerGroup);
		let done = 0;
		const lengthOf = ({ ids }: ChoiceTokens) => filledLength(ids.length, config.maxPositions);
		const found = await measureChoices(comparison, choices, lengthOf, () => done++);
		expect(done).toBe(choices.length);
		const weights = new WeightSource(checkpoint, reader, { resident: false, hasher: null });
		for (const { question, choice, ids, choiceStart } of choices) {
			// By itself, in a window just as long as it is.
			const layout = attentionLayout(config, ids.length);
			const forward = new ForwardPass(config, layout, weights);
			const head = await LanguageHead.open(config, ids.length, weights);
			for (const variant of ['baseline', 'shared'] as const) {
				const state = await forward.start(ids, allocateWindow(layout));
				await forward.run([state], variant === 'shared' ? planned : {});
				const [losses] = await head.losses([{ hidden: state.hidden, ids }]);
				const own = losses.subarray(choiceStart - 1).reduce((sum, loss) => sum + loss, 0);
				expect(found[variant][question][choice]).toBeCloseTo(-own, 3);
			}
			await forward.release();
			await head.release();
		}
		await reader.close();
	});
});

describe('what is refused', () => {
	it('a plan for another number of layers', async () => {
		await expect(evaluate(planOf([0, 1, 1]))).rejects.toThrow(
			'plan for tiny: 3 layers; tiny has 5'
		);
	});
	it('head maps for another number of heads', async () => {
		const plan = planOf([0, 1, 1, 3, 4], { heads: 2 }, [1, 0]);
		await expect(evaluate(plan)).rejects.toThrow('head maps of 2 heads; tiny has 4');
	});
	it('a memory limit that holds no window', async () => {
		await expect(evaluate(planOf([0, 1, 1, 3, 4]), { memoryLimitBytes: 1e6 })).rejects.toThrow(
			'memory: one window of 32 tokens takes'
		);
	});
	it('other weights than the plan was made for are no fault, but are said', async () => {
		const { warning, model } = await evaluate(planOf([0, 1, 2, 3, 4]));
		expect(warning).toContain('has different weights or a different file format');
		const own = await evaluate(planOf([0, 1, 2, 3, 4], { hash: model.hash }));
		expect(own.warning).toBeNull();
	});
});

describe.each(['mini-llama2', 'mini-llama3'])('%s against transformers', (model) => {
	it('agrees on the loss, plain and shared, to 1e-4', async () => {
		const { text, nll, shared } = JSON.parse(
			await readFile(`tests/fixtures/reference/${model}.json`, 'utf8')
		) as { text: string; nll: number; shared: Record<string, number> };
		// One span from the text to the report; engine/parity.test.ts holds all of them to their losses.
		const [[span, expected]] = Object.entries(shared);
		const [source, last] = span.split('-').map(Number);
		const sources = Array.from({ length: 16 }, (_, layer) =>
			layer > source && layer <= last ? source : layer
		);
		const { report } = await evaluate(planOf(sources), {
			modelFolder: `models/${model}`,
			documents: [{ name: 'reference', text }],
			context: 256,
			windows: 1
		});
		expect(Math.abs(report.baseline.loss - nll)).toBeLessThanOrEqual(1e-4);
		expect(Math.abs(report.shared.loss - expected)).toBeLessThanOrEqual(1e-4);
	});
});

describe('recall', () => {
	it('of a plan is the mean loss of the second copy, without and with it, paired by probe', async () => {
		const { report, notes } = await evaluate(planOf([0, 1, null, 3, 4]), {
			recall: true
		});
		const { recall } = report;
		expect(recall?.windows).toBe(2);
		expect(recall?.delta.loss).toBeCloseTo((recall?.planned ?? 0) - (recall?.baseline ?? 0), 10);
		expect(recall?.delta.low).toBeLessThanOrEqual(recall?.delta.loss ?? 0);
		expect(recall?.planned).not.toBe(recall?.baseline);
		expect(notes.some((note) => note.includes('recall probes'))).toBe(true);
	});

	it('of a plan that changes nothing is unchanged', async () => {
		const { report } = await evaluate(planOf([0, 1, 2, 3, 4]), { recall: true });
		expect(report.recall?.delta).toEqual({ loss: 0, low: 0, high: 0 });
	});
});
