import { describe, expect, it } from 'vitest';
import { readFlags, writeFlags } from '../flags.ts';
import { learningRateOf, reportOf, type MeasuredArm } from './report.ts';
import { cheapestDrops, dropsAtEqualSavings, hasRival } from './rival.ts';
import { tuneFlags } from './settings.ts';
import { splitTexts } from './split.ts';
import { comparisonWords, settingWords } from './words.ts';

describe('the texts', () => {
	it('are split at white space into 70%, 15% and 15%, nothing lost', () => {
		const text = 'one two three four five six seven eight nine ten';
		const { train, stop, report } = splitTexts([{ name: 'a', text }]);
		expect(train[0].text).toBe('one two three four five six seven');
		expect(stop[0].text).toBe(' eight nine');
		expect(report[0].text).toBe(' ten');
		expect([train, stop, report].map(([part]) => part.text).join('')).toBe(text);
	});
	it('without white space are not split', () => {
		const { train, report } = splitTexts([{ name: 'a', text: 'abcdefghij' }]);
		expect([train[0].text, report[0].text]).toEqual(['abcdefghij', '']);
	});
});

describe('the rival', () => {
	it.each([
		[[0, 0, 2, 2], 1],
		[[0, 0, 0, 0], 2],
		[[0, 0, 2, null], 2],
		[[0, 1, 2, null], 1]
	])('of %j drops %i layers', (sources, drops) => {
		expect(dropsAtEqualSavings(sources)).toBe(drops);
	});
	it('drops the layers whose drop costs least', () => {
		expect(cheapestDrops([3.2, 3.1, 3.4, 3.1], 2)).toEqual([0, null, 2, null]);
		expect(cheapestDrops([3.1, 3.1, 3.1], 1)).toEqual([null, 1, 2]);
	});
	it('is missing where the plan only drops', () => {
		expect([hasRival([0, null, 2]), hasRival([0, 0, 2])]).toEqual([false, true]);
	});
});

const SETTINGS = {
	...{ context: 64, windows: 2, steps: 10, batch: 4, learningRate: null, distill: 1, lora: null },
	...{ patience: 3, seed: 0, compare: true, device: 'cpu', dtype: 'float32' as const }
};
const PLAN = {} as never;

function arm(name: MeasuredArm['arm'], before: number[], after: number[]): MeasuredArm {
	const probes = before.map((loss) => loss - 1);
	return {
		arm: name,
		sources: [0, 0],
		figures: {
			before: { windows: before, probes, choices: [] },
			after: { windows: after, probes: after.map((loss) => loss - 2), choices: [] },
			baseline: null,
			looks: [{ step: 0, objective: null, loss: 3, recall: 1 }],
			best: 10,
			steps: 10
		}
	};
}

describe('the report', () => {
	const window = (document: number) => ({ document, start: 0, ids: [1, 2] });
	const part = { windows: [window(0), window(0)], probes: [window(0), window(0)], scored: 4 };
	const prepared = { train: [window(0)], stop: part, report: part };
	const arms = [
		arm('planned', [4, 5], [3.25, 4.5]),
		arm('control', [3, 4], [2.875, 3.75]),
		arm('rival', [5, 6], [4, 5])
	];
	const { comparisons, ...report } = reportOf({ ...SETTINGS, plan: PLAN }, prepared, null, {
		baseline: arms[1].figures.before,
		arms
	});

	it('pairs every model with the baseline, and the tuned planned one with control and rival', () => {
		const found = comparisons.map(({ key, text, recall }) => [
			key,
			Number(text.loss.toFixed(6)),
			Number(recall?.loss.toFixed(6))
		]);
		expect(found).toEqual([
			['before', 1, 1],
			['after', 0.375, -0.625],
			['control', -0.1875, -1.1875],
			['againstControl', 0.5625, 0.5625],
			['rivalBefore', 2, 2],
			['rivalAfter', 1, 0],
			['againstRival', -0.625, -0.625]
		]);
		expect(comparisons[0].text.low).toBeCloseTo(1, 9);
	});
	it('has the means of each model and says what was trained', () => {
		expect(report.arms[0]).toMatchObject({
			before: { loss: 4.5, recall: 3.5 },
			after: { loss: 3.875, recall: 1.875 }
		});
		expect(report).toMatchObject({ windows: 2, probes: 2, trainWindows: 1, stopWindows: 2 });
		expect(settingWords({ ...report, comparisons })).toBe(
			'distilled from the untouched model, all weights, learning rate 0.0001, 4 × 64 tokens per step'
		);
		expect(comparisonWords(comparisons[1])).toContain(
			'planned, tuned − baseline: +0.375 [+0.250, +0.500] nats/token on text, −0.625'
		);
	});
	it('of the planned model alone has two comparisons', () => {
		const baseline = arms[1].figures.before;
		const alone = reportOf({ ...SETTINGS, plan: PLAN }, prepared, null, {
			baseline,
			arms: [arms[0]]
		});
		expect(alone.comparisons.map(({ key }) => key)).toEqual(['before', 'after']);
		expect(alone.comparisons[0]).not.toHaveProperty('accuracy');
	});
	it('pairs the answers to questions, with McNemar’s test', () => {
		const question = { prompt: 'p', choices: ['a', 'b'], answer: 0, group: null };
		const questions = [question, { ...question, answer: 1 }, question];
		const answering = (choices: number[]) => ({ windows: [3, 4], probes: [2, 3], choices });
		const figures = {
			...arms[0].figures,
			// One right of three before, all after; the baseline has the first two.
			before: answering([-1, -2, -1, -2, -3, -2]),
			after: answering([-1, -2, -2, -1, -1, -2])
		};
		const { comparisons: paired, ...found } = reportOf(
			{ ...SETTINGS, plan: PLAN },
			prepared,
			questions,
			{
				baseline: answering([-1, -2, -2, -1, -3, -2]),
				arms: [{ arm: 'planned', sources: [0, 0], figures }]
			}
		);
		expect(found.questions).toEqual({ asked: 3, over: 'blocks' });
		expect(found.arms[0].before.accuracy).toBeCloseTo(1 / 3, 12);
		expect(found.arms[0].after.accuracy).toBe(1);
		expect(paired[0].accuracy).toMatchObject({ onlyFirst: 0, onlySecond: 1, p: 1 });
		expect(paired[0].accuracy?.value).toBeCloseTo(-1 / 3, 12);
		expect(paired[1].accuracy).toMatchObject({ onlyFirst: 1, onlySecond: 0 });
		expect(comparisonWords(paired[1])).toMatch(/ recall, \+33\.3% \[.*\] accuracy$/);
	});
});

describe('the settings', () => {
	it('have a rate that depends on what is trained, unless one is given', () => {
		expect(learningRateOf({ learningRate: null, lora: null })).toBe(1e-4);
		expect(learningRateOf({ learningRate: null, lora: 8 })).toBe(3e-4);
		expect(learningRateOf({ learningRate: 0.01, lora: 8 })).toBe(0.01);
	});
	it('are said by options, and options by them', () => {
		const said = readFlags(tuneFlags, { compare: 'off', lora: 8, distill: 0.5, dtype: 'bfloat16' });
		expect(said).toEqual({ compare: false, lora: 8, distill: 0.5, dtype: 'bfloat16' });
		expect(writeFlags(tuneFlags, said)).toEqual([
			...['--distill', '0.5', '--lora', '8', '--compare', 'off', '--dtype', 'bfloat16']
		]);
	});
});
