import { describe, expect, it } from 'vitest';
import { mcnemarExact } from '../../statistics/mcnemar.ts';
import { scoreChoices } from './score.ts';
import type { Question } from './types.ts';

describe("McNemar's exact test", () => {
	it.each([
		// 2·(1 + 10) / 2¹⁰, worked by hand.
		[1, 9, 22 / 1024],
		[9, 1, 22 / 1024],
		[0, 5, 2 / 32],
		// 2·P(X ≤ 5) of ten is above 1.
		[5, 5, 1],
		[0, 0, 1]
	])('of %i against %i', (onlyFirst, onlySecond, p) => {
		expect(mcnemarExact(onlyFirst, onlySecond)).toBeCloseTo(p, 12);
	});
	it('stands many questions: half a binomial of 4000 has p near 1, a lopsided one near 0', () => {
		expect(mcnemarExact(1999, 2001)).toBeGreaterThan(0.95);
		expect(mcnemarExact(1700, 2300)).toBeLessThan(1e-15);
	});
});

const question = (choices: string[], answer: number, group: string | null = null): Question => ({
	prompt: 'p',
	choices,
	answer,
	group
});

describe('scores', () => {
	// Log-likelihoods −3, −4 and −4.5 of 3, 8 and 5 characters, or 3, 8 and 10 bytes:
	// the first is likeliest as a whole, the second per character (−0.5), the third per byte (−0.45).
	const choices = [' abc', 'abcdefgh', ' ééééé'];
	const logs = [-3, -4, -4.5];
	it.each([
		[0, { acc: 1, acc_norm: 0, acc_norm_space: 0, acc_bytes: 0 }],
		[1, { acc: 0, acc_norm: 1, acc_norm_space: 1, acc_bytes: 0 }],
		[2, { acc: 0, acc_norm: 0, acc_norm_space: 0, acc_bytes: 1 }]
	])('pick as a whole, by characters and by bytes (right: %i)', (answer, expected) => {
		const report = scoreChoices([question(choices, answer)], { baseline: [logs], shared: [logs] });
		expect(report.baseline).toEqual(expected);
	});

	// −1.9 of 2 and −3 of 3 characters: −0.95 and −1 per character, −0.63 and −0.75 with the space; −1.9 and −2.4 of 2 and
	// 3: −0.95 and −0.8, with the space −0.633 and −0.6; −1.4 and −2 of 2 and 3: −0.7 and −0.667, but −0.467 and −0.5.
	it.each([
		[[-1.9, -3], { acc_norm: 1, acc_norm_space: 1 }],
		[[-1.9, -2.4], { acc_norm: 0, acc_norm_space: 0 }],
		[[-1.4, -2], { acc_norm: 0, acc_norm_space: 1 }]
	])('count the space before a choice or not, by name: %j', (logs, expected) => {
		for (const asked of [
			['ab', 'abc'],
			[' ab', ' abc']
		]) {
			const both = { baseline: [logs], shared: [logs] };
			expect(scoreChoices([question(asked, 0)], both).baseline).toMatchObject(expected);
		}
	});

	it('count code points as characters, and the first of equal choices', () => {
		const asked = [question(['🙂🙂', 'ab'], 0)];
		const same = { baseline: [[-2, -2]], shared: [[-2, -2]] };
		expect(scoreChoices(asked, same).baseline).toEqual({
			acc: 1,
			acc_norm: 1,
			acc_norm_space: 1,
			acc_bytes: 1
		});
	});

	it('pair the models by question', () => {
		const asked = ['a', 'a', 'b', 'b'].map((group) => question(['x', 'y'], 0, group));
		const [right, wrong] = [
			[-1, -2],
			[-2, -1]
		];
		const report = scoreChoices(asked, {
			baseline: [right, right, right, wrong],
			shared: [right, wrong, wrong, right]
		});
		expect(report.baseline.acc).toBe(0.75);
		expect(report.shared.acc).toBe(0.5);
		expect(report.delta.acc.value).toBe(-0.25);
		expect(report.mcnemar.acc).toEqual({ onlyBaseline: 2, onlyShared: 1, p: 1 });
		expect(report.over).toBe('documents');
		expect(report.delta.acc.low).toBeLessThan(-0.25);
	});

	it('of equal models differ by nothing, exactly', () => {
		const asked = [question(['x', 'y'], 0), question(['x', 'y'], 1)];
		const logs = [
			[-1, -2],
			[-1, -2]
		];
		const { delta, over } = scoreChoices(asked, { baseline: logs, shared: logs });
		expect(delta.acc_norm).toEqual({ value: 0, low: 0, high: 0 });
		expect(over).toBe('blocks');
	});
});
