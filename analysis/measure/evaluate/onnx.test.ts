import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { tmpdir } from 'node:os';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { cachedOnnx, FORMS, VOCAB, type Form } from '../../../tests/builders/cachedOnnx.ts';
import { halved } from '../../../tests/builders/halfOnnx.ts';
import { letterTokenizer } from '../../../tests/builders/letterTokenizer.ts';
import { evaluationOf, onnxPlan } from '../../../tests/builders/onnxEvaluation.ts';
import { writeOnnxFolder } from '../../../tests/builders/onnxFolder.ts';
import { plainLogits } from '../../../tests/builders/plainSharing.ts';
import { foundOnnx } from '../../../tests/builders/sharedOnnx.ts';
import { LogitsPass } from '../../engine/onnxLogits.ts';
import { referenceLogits } from '../../engine/onnxReference.ts';
import type { ModelProto, ValueInfoProto } from '../../proto/onnx_pb.ts';
import { headMapsOf } from '../../plan/spans.ts';
import type { Plan, Sources } from '../../plan/types.ts';
import type { Progress } from '../../telemetry/progress.ts';
import type { EvaluateRequest } from './types.ts';
import { evaluatePlan, prepareEvaluation } from '../../../tests/builders/opened.ts';

const HEAD_MAP = [3, 3, 0, 1];
const FOLLOWERS: Sources = [0, 1, 1, 1];
const LEFT_OUT: Sources = [null, 1, 1, 3];
let scratch: string;
beforeAll(async () => {
	scratch = await mkdtemp(join(tmpdir(), 'spanwise-evaluate-onnx-'));
});
afterAll(() => rm(scratch, { recursive: true, force: true }));

let folders = 0;
async function written(
	proto: ModelProto,
	layout: { dataFiles?: number; linked?: boolean } = {}
): Promise<string> {
	const file = await writeOnnxFolder(join(scratch, `${folders++}`, 'model'), proto, layout);
	await writeFile(join(dirname(file), 'tokenizer.json'), JSON.stringify(letterTokenizer()));
	return file;
}

function requestOf(file: string, plan: Plan, request: Partial<EvaluateRequest> = {}) {
	return evaluationOf(file, plan, { home: join(scratch, 'home'), ...request });
}

function evaluate(file: string, plan: Plan, request: Partial<EvaluateRequest> = {}) {
	return evaluatePlan(requestOf(file, plan, request), { onProgress: () => undefined });
}

/** Computes mean losses, KL divergence and agreement over a window's tokens from two models' logits [S · vocab]. */
function compared(ids: readonly number[], baseline: readonly number[], shared: readonly number[]) {
	const rows = ids.slice(1).map((id, at) => {
		const [one, other] = [baseline, shared].map((logits) => {
			const row = logits.slice(at * VOCAB, (at + 1) * VOCAB);
			const sum = Math.log(row.reduce((total, value) => total + Math.exp(value), 0));
			return row.map((value) => value - sum);
		});
		return {
			baseline: -one[id],
			shared: -other[id],
			kl: one.reduce((sum, log, each) => sum + Math.exp(log) * (log - other[each]), 0),
			agreement: Number(one.indexOf(Math.max(...one)) === other.indexOf(Math.max(...other)))
		};
	});
	const mean = (of: keyof (typeof rows)[number]) =>
		rows.reduce((sum, row) => sum + row[of], 0) / rows.length;
	return {
		baseline: mean('baseline'),
		shared: mean('shared'),
		kl: mean('kl'),
		agreement: mean('agreement')
	};
}

describe('a plan on an ONNX model', () => {
	it.each(FORMS.filter((form) => form !== 'groupQueryPacked4bit'))(
		'%s: followers with head maps and a dropped layer cost what plain arithmetic says',
		async (form) => {
			await expectPlain(form, onnxPlan([null, 1, 1, 1], HEAD_MAP), (ids, sources, headMaps) =>
				Promise.resolve(plainLogits(cachedOnnx({ form }), form, ids, sources, headMaps))
			);
		}
	);

	it('costs the same on 4-bit weights as where the sharing is done outside of the model', async () => {
		const form = 'groupQueryPacked4bit';
		const model = await foundOnnx(cachedOnnx({ form }));
		await expectPlain(form, onnxPlan(FOLLOWERS, HEAD_MAP), async (ids, sources, headMaps) => [
			...(await referenceLogits(model, 'logits', { sources, headMaps }, ids))
		]);
	});

	async function expectPlain(
		form: Form,
		plan: Plan,
		logitsOf: (
			ids: readonly number[],
			sources: Sources,
			headMaps: ReturnType<typeof headMapsOf>
		) => Promise<number[]>
	) {
		const file = await written(cachedOnnx({ form }));
		const few = { windows: 2, context: 16 };
		const { windows: cut } = await prepareEvaluation(requestOf(file, plan, few));
		const { report } = await evaluate(file, plan, few);
		const headMaps = headMapsOf(plan.spans, 4);
		for (const [at, { ids }] of cut.entries()) {
			const expected = compared(
				ids,
				await logitsOf(ids, [0, 1, 2, 3], [null, null, null, null]),
				await logitsOf(ids, plan.sources, headMaps)
			);
			const found = report.windows[at];
			expect(Math.abs(found.baseline - expected.baseline)).toBeLessThan(1e-5);
			expect(Math.abs(found.shared - expected.shared)).toBeLessThan(1e-5);
			expect(Math.abs(found.kl - expected.kl)).toBeLessThan(1e-5);
			expect(found.agreement).toBeCloseTo(expected.agreement, 12);
		}
		expect(report.delta.loss).not.toBe(0);
	}

	it.each(FORMS)('%s: without followers costs nothing, exactly', async (form) => {
		const { report } = await evaluate(await written(cachedOnnx({ form })), onnxPlan([0, 1, 2, 3]));
		expect(report.delta).toEqual({ loss: 0, low: 0, high: 0, over: 'documents' });
		expect(report.kl).toEqual({ mean: 0, p99: 0 });
		expect(report.agreement).toBe(1);
		expect(report.shared).toEqual(report.baseline);
		expect(report.baseline.loss).toBeGreaterThan(1);
	});

	it.each(['groupQueryPacked', 'groupQueryPacked4bit'] as const)(
		'%s: costs the same wherever the weights lie, those that are cut included, and touches no file',
		async (form) => {
			const plan = onnxPlan(FOLLOWERS);
			const { report: inside } = await evaluate(
				await written(cachedOnnx({ form }), { dataFiles: 0 }),
				plan
			);
			for (const layout of [{ dataFiles: 1 }, { dataFiles: 2 }, { dataFiles: 2, linked: true }]) {
				const file = await written(cachedOnnx({ form }), layout);
				const before = await stateOf(dirname(file));
				await chmod(dirname(file), 0o500);
				const { report } = await evaluate(file, plan);
				await chmod(dirname(file), 0o700);
				expect(await stateOf(dirname(file))).toEqual(before);
				expect(report.windows.map(({ shared }) => shared)).toEqual(
					inside.windows.map(({ shared }) => shared)
				);
				expect(report.baseline).toEqual(inside.baseline);
			}
		}
	);

	async function stateOf(folder: string) {
		const names = (await readdir(folder)).sort();
		return Promise.all(
			names.map(async (name) => {
				const { mtimeMs, size } = await stat(join(folder, name));
				return { name, mtimeMs, size, bytes: await readFile(join(folder, name), 'base64') };
			})
		);
	}

	it('costs the same where the two models take turns in memory', async () => {
		const file = await written(cachedOnnx({ form: 'groupQuery' }));
		const plan = onnxPlan(LEFT_OUT);
		const { memory } = await prepareEvaluation(requestOf(file, plan));
		const together = await evaluate(file, plan);
		const apart = await evaluate(file, plan, { memoryLimitBytes: memory.bytes - 1 });
		expect(together.report.cost.measured.weights).toBe('resident');
		expect(apart.report.cost.measured.weights).toBe('streamed');
		expect(apart.report.shared).toEqual(together.report.shared);
		expect(apart.report.kl).toEqual(together.report.kl);
	});

	it('makes no session for each choice, however few the windows are', async () => {
		const file = await written(cachedOnnx({ form: 'groupQuery' }));
		const questions = ['the sea', 'on the', 'the rain'].map((prompt) => ({
			prompt,
			choices: [' and', ' hand'],
			answer: 0,
			group: null
		}));
		const plan = onnxPlan(FOLLOWERS);
		const request = { questions, windows: 1 };
		const { memory } = await prepareEvaluation(requestOf(file, plan, request));
		const opened = vi.spyOn(LogitsPass, 'open');
		onTestFinished(() => opened.mockRestore());
		const { report } = await evaluate(file, plan, {
			...request,
			memoryLimitBytes: memory.bytes - 1
		});
		expect(report.cost.measured.weights).toBe('streamed');
		// Both models for the window, and once more for all choices.
		expect(opened).toHaveBeenCalledTimes(4);
	});

	it('is timed as a whole, and its progress ends at 1', async () => {
		const file = await written(cachedOnnx({ form: 'softmax' }));
		const seen: Progress[] = [];
		const { report } = await evaluatePlan(requestOf(file, onnxPlan(FOLLOWERS)), {
			onProgress: (progress) => seen.push(progress)
		});
		const { measured, predicted } = report.cost;
		expect(measured.timed).toBe('model');
		for (const variant of [measured.baseline, measured.shared]) {
			expect(variant.prefillSeconds.median).toBeGreaterThan(0);
			expect(variant.peakRssBytes).toBeGreaterThan(30e6);
		}
		expect(predicted).toMatchObject({ followers: 2, context: 24 });
		const fractions = seen.map(({ fraction }) => fraction);
		expect(fractions).toEqual(fractions.toSorted((a, b) => a - b));
		expect(fractions.at(-1)).toBeCloseTo(1, 9);
		expect(seen.at(-1)?.tokens).toBe(2 * 4 * 24);
		expect(new Set(seen.map(({ stage }) => stage))).toEqual(
			new Set(['reading weights', 'model', 'model, sharing', 'comparing'])
		);
	});

	it('is asked questions of multiple choice, whose answers are those of plain arithmetic', async () => {
		const form = 'multiHead';
		const proto = cachedOnnx({ form });
		const choices = [' sand', ' rain.'];
		const prompts = ['the sea and the', 'on the'];
		const questions = prompts.map((prompt, at) => ({ prompt, choices, answer: at, group: null }));
		const plan = onnxPlan(FOLLOWERS);
		const file = await written(proto);
		const { report } = await evaluate(file, plan, { questions, gates: { maxAccuracyDrop: 1 } });
		const { choices: tokens } = await prepareEvaluation(requestOf(file, plan, { questions }));
		const right = (sources: Sources): number => {
			const scores = tokens.map(({ ids, choiceStart }) => {
				const logits = plainLogits(cachedOnnx({ form }), form, ids, sources, [
					null,
					null,
					null,
					null
				]);
				return ids.slice(choiceStart).reduce((sum, id, at) => {
					const start = (choiceStart + at - 1) * VOCAB;
					const row = logits.slice(start, start + VOCAB);
					const total = Math.log(row.reduce((all, value) => all + Math.exp(value), 0));
					return sum + row[id] - total;
				}, 0);
			});
			const best = prompts.map((_, question) => {
				const own = scores.slice(question * choices.length, (question + 1) * choices.length);
				return own.indexOf(Math.max(...own));
			});
			return best.filter((choice, question) => choice === question).length / prompts.length;
		};
		expect(report.choices?.baseline.acc).toBe(right([0, 1, 2, 3]));
		expect(report.choices?.shared.acc).toBe(right(FOLLOWERS));
		expect(report.gates?.verdict).toBe('pass');
	});
});

describe('a model of float16', () => {
	it('is compared in float32, and costs about what it does in float32', async () => {
		const plan = onnxPlan(FOLLOWERS);
		const half = await written(halved(cachedOnnx({ form: 'softmax' })));
		const whole = await written(cachedOnnx({ form: 'softmax' }));
		const [rounded, exact] = [await evaluate(half, plan), await evaluate(whole, plan)];
		expect(Math.abs(rounded.report.baseline.loss - exact.report.baseline.loss)).toBeLessThan(5e-3);
		expect(Math.abs(rounded.report.delta.loss - exact.report.delta.loss)).toBeLessThan(5e-3);
		expect(rounded.report.baseline.loss).not.toBe(exact.report.baseline.loss);
		const { report } = await evaluate(half, onnxPlan([0, 1, 2, 3]));
		expect(report.delta.loss).toBe(0);
	});
});

describe('a model exported for windows of one length', () => {
	const fixed = () => {
		const proto = cachedOnnx({ form: 'softmax' });
		setDimension(proto.graph?.input[0], 1, 24n);
		return written(proto);
	};

	it('is evaluated on these, and its questions are filled up to that length', async () => {
		const questions = [{ prompt: 'the', choices: [' sea', ' hand'], answer: 0, group: null }];
		const { report } = await evaluate(await fixed(), onnxPlan(FOLLOWERS), { questions });
		expect(report.windows).toHaveLength(4);
		expect(report.choices?.questions).toBe(1);
	});

	it('is refused for another length, and for questions that are longer', async () => {
		const file = await fixed();
		await expect(evaluate(file, onnxPlan(FOLLOWERS), { context: 25 })).rejects.toThrow(
			`context: 25 tokens; ${file} was exported for exactly 24`
		);
		const prompt = 'the sea and the rain on the sand';
		const questions = [{ prompt, choices: [' a', ' b'], answer: 0, group: null }];
		await expect(evaluate(file, onnxPlan(FOLLOWERS), { questions })).rejects.toThrow(
			'question 1: 35 tokens with choice 0; the model has positions for at most 24'
		);
	});
});

function setDimension(value: ValueInfoProto | undefined, axis: number, size: bigint): void {
	if (value?.type?.value.case !== 'tensorType') throw new TypeError('no tensor');
	const dimension = value.type.value.value.shape?.dim[axis];
	if (dimension === undefined) throw new TypeError('no such axis');
	dimension.value = { case: 'dimValue', value: size };
}

describe('what is refused of an ONNX model', () => {
	it('a plan that names refitted weights', async () => {
		const file = await written(cachedOnnx({ form: 'softmax' }));
		const repair = { file: 'plan.safetensors', sha256: '0'.repeat(64), strength: 1 };
		await expect(evaluate(file, { ...onnxPlan(FOLLOWERS), repair })).rejects.toThrow(
			'plan for model: names refitted weights (plan.safetensors), which fit a checkpoint'
		);
	});

	it('a plan for another number of layers', async () => {
		const file = await written(cachedOnnx({ form: 'softmax' }));
		await expect(evaluate(file, onnxPlan([0, 1, 1]))).rejects.toThrow(
			'plan for model: 3 layers; model has 4'
		);
	});

	it('logits of the last token only', async () => {
		const proto = cachedOnnx({ form: 'softmax' });
		setDimension(proto.graph?.output[0], 1, 1n);
		await expect(evaluate(await written(proto), onnxPlan(FOLLOWERS))).rejects.toThrow(
			'logits holds the last token only; expected logits of every token'
		);
	});

	it('a memory limit that holds no window', async () => {
		const file = await written(cachedOnnx({ form: 'softmax' }));
		const low = evaluate(file, onnxPlan(FOLLOWERS), { memoryLimitBytes: 1e6 });
		await expect(low).rejects.toThrow('memory: one window of 24 tokens takes');
	});

	it('weights that make its loss no number', async () => {
		const proto = cachedOnnx({ form: 'softmax' });
		const head = proto.graph?.initializer.find(({ name }) => name === 'head');
		head?.rawData.set(new Uint8Array(Float32Array.of(NaN).buffer));
		await expect(evaluate(await written(proto), onnxPlan(FOLLOWERS))).rejects.toThrow(
			/baseline, the loss is NaN; expected a number/
		);
	});
});
