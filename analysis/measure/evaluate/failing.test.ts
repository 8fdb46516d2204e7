import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { cachedOnnx } from '../../../tests/builders/cachedOnnx.ts';
import { letterTokenizer } from '../../../tests/builders/letterTokenizer.ts';
import { evaluationOf, onnxPlan } from '../../../tests/builders/onnxEvaluation.ts';
import { writeOnnxFolder } from '../../../tests/builders/onnxFolder.ts';
import { Reporter } from '../../telemetry/reporter.ts';
import type { TokenComparison } from '../../engine/comparison.ts';
import { LogitsComparison } from '../../engine/logitsComparison.ts';
import { LogitsPass } from '../../engine/onnxLogits.ts';
import { measureChoices } from '../choices/measure.ts';
import { measureWindows } from './measure.ts';
import { inTurns, type VariantsRunner } from '../../engine/variants.ts';
import { evaluatePlan, prepareEvaluation } from '../../../tests/builders/opened.ts';

const questions = [{ prompt: 'the', choices: [' sea', ' hand'], answer: 0, group: null }];
/** Tokens that the windows have, and that choices are filled up to. */
const [WINDOW, CHOICE] = [24, 32];

let home: string;
let file: string;
beforeAll(async () => {
	home = await mkdtemp(join(tmpdir(), 'spanwise-failing-'));
	file = await writeOnnxFolder(join(home, 'model'), cachedOnnx({ form: 'softmax' }));
	await writeFile(join(dirname(file), 'tokenizer.json'), JSON.stringify(letterTokenizer()));
});
afterAll(() => rm(home, { recursive: true }));
afterEach(() => {
	vi.restoreAllMocks();
});

const request = () => evaluationOf(file, onnxPlan([0, 1, 1, 3]), { home, questions });

/** Has both models say the same of sequences, but for one figure of those of a length. */
function comparisonsWith(length: number, figure: keyof TokenComparison, value: number): void {
	vi.spyOn(LogitsComparison.prototype, 'compare').mockImplementation((ids) => {
		const tokens = ids.length - 1;
		const comparison: TokenComparison = {
			baseline: new Float64Array(tokens).fill(1),
			shared: new Float64Array(tokens).fill(1),
			kl: new Float64Array(tokens),
			agree: new Uint8Array(tokens).fill(1)
		};
		if (ids.length === length) comparison[figure].fill(value);
		return Promise.resolve(comparison);
	});
}

describe('what is no number is refused', () => {
	it.each([
		['window 0: baseline, the loss is Infinity', WINDOW, 'baseline', Infinity],
		['window 0: planned, the loss is NaN', WINDOW, 'shared', NaN],
		['window 0: planned, the divergence is NaN', WINDOW, 'kl', NaN],
		['baseline, a log-likelihood of question 1 is NaN', CHOICE, 'baseline', NaN],
		['planned, a log-likelihood of question 1 is -Infinity', CHOICE, 'shared', Infinity]
	] as const)('%s', async (words, length, figure, value) => {
		comparisonsWith(length, figure, value);
		await expect(evaluatePlan(request(), { onProgress: () => undefined })).rejects.toThrow(
			`${file}: ${words}; expected a number`
		);
	});
});

describe('an evaluation that fails', () => {
	it('frees the sessions of both models and of the comparison', async () => {
		comparisonsWith(WINDOW, 'baseline', NaN);
		const passes = vi.spyOn(LogitsPass.prototype, 'release');
		const comparison = vi.spyOn(LogitsComparison.prototype, 'release');
		await expect(evaluatePlan(request(), { onProgress: () => undefined })).rejects.toThrow();
		expect(passes).toHaveBeenCalledTimes(2);
		expect(comparison).toHaveBeenCalledOnce();
	});

	it('frees what was made for sequences of a length, of windows and of choices', async () => {
		const release = vi.fn(() => Promise.resolve());
		const variants = {
			run: () => Promise.reject(new Error('broken')),
			compare: () => Promise.resolve([]),
			ask: () => Promise.resolve([]),
			release
		};
		const runner: VariantsRunner = { ofLength: () => Promise.resolve(variants), release };
		const comparison = inTurns(runner, 1);
		const prepared = await prepareEvaluation(request());
		const reporter = new Reporter({ work: 1, layers: 4, windows: 4, context: WINDOW }, () => {});
		await expect(measureWindows(prepared, comparison, reporter)).rejects.toThrow('broken');
		expect(release).toHaveBeenCalledOnce();
		const { choices } = prepared;
		const asked = measureChoices(
			comparison,
			choices,
			() => CHOICE,
			() => undefined
		);
		await expect(asked).rejects.toThrow('broken');
		expect(release).toHaveBeenCalledTimes(2);
	});
});
