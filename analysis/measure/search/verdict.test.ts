import { describe, expect, it } from 'vitest';
import type { PartLoss, PlanFigures, SearchedTasks } from './types.ts';
import { verdictOf } from './verdict.ts';

const at = (low: number | null, loss: number, high: number | null): PartLoss => ({
	loss,
	low,
	high
});

function planOf(report: PartLoss, more: Partial<PlanFigures> = {}): PlanFigures {
	return {
		name: 'share',
		maker: 'share',
		repaired: false,
		kind: 'share',
		sources: [0, 0, 2],
		savings: { kCache: 0.2, kvCache: 0.1, parameters: 0, prefillFlops: 0, decodeBytes: 0 },
		sumOfParts: null,
		additivityError: null,
		search: report,
		choose: report,
		report,
		plan: {} as PlanFigures['plan'],
		...more
	};
}

function sentenceOf(...plans: PlanFigures[]): string {
	const target = { axis: 'kvCache', share: 0.1 } as const;
	const goal = { kind: 'followers', followers: 1 } as const;
	const random = { plans: [], beaten: null };
	return verdictOf({ goal, target, plans, random }, plans[0]).sentence;
}

describe('what a verdict says of repair', () => {
	const plain = planOf(at(0.02, 0.03, 0.04));
	// Its own interval overlaps that of the plain plan, whatever the paired difference is.
	const repaired = (difference?: PartLoss) =>
		planOf(at(0.01, 0.024, 0.035), {
			...{ name: 'share repaired', repaired: true },
			...(difference && { madeFrom: { plan: 'share', difference } })
		});
	const words = (what: string) => `Refitting output projections ${what}: 0.024 vs. 0.030.`;

	it('is that it helps, or makes it worse, where the interval of their paired difference leaves out 0', () => {
		const less = repaired(at(-0.008, -0.006, -0.002));
		expect(sentenceOf(plain, less)).toContain(words('helps'));
		// The same, whichever of both is proposed.
		expect(sentenceOf(less, plain)).toContain(words('helps'));
		expect(sentenceOf(plain, repaired(at(0.002, 0.006, 0.008)))).toContain(words('makes it worse'));
	});

	it('is no clear difference where it holds 0, or there is none', () => {
		const unclear = words('makes no clear difference');
		expect(sentenceOf(plain, repaired(at(-0.008, -0.006, 0.002)))).toContain(unclear);
		expect(sentenceOf(plain, repaired(at(null, -0.006, null)))).toContain(unclear);
		expect(sentenceOf(plain, repaired())).toContain(unclear);
	});
});

describe('what a verdict says of plans that were paired by window', () => {
	const best = planOf(at(0.02, 0.03, 0.04));
	const drop = (difference: PartLoss) =>
		planOf(at(0.01, 0.035, 0.06), { name: 'drop', maker: 'drop', kind: 'drop', difference });

	it('is more or less where the interval of the difference leaves out 0, though theirs overlap', () => {
		expect(sentenceOf(best, drop(at(0.002, 0.005, 0.008)))).toContain(
			'drop, adds 0.035 [0.010, 0.060], 0.005 [0.002, 0.008] more, paired by window.'
		);
		expect(sentenceOf(best, drop(at(-0.008, -0.005, -0.002)))).toContain(
			'0.005 [0.002, 0.008] less, paired by window.'
		);
	});

	it('is no clear difference where it holds 0, or there is none', () => {
		expect(sentenceOf(best, drop(at(-0.001, 0.005, 0.008)))).toContain(
			'no clear difference (paired by window +0.005 [−0.001, +0.008]).'
		);
		expect(sentenceOf(best, drop(at(null, 0.005, null)))).toContain('no clear difference');
	});
});

describe('what a verdict says of tasks', () => {
	const drop = (low: number, value: number, high: number) => ({ low, value, high });
	const asked = (report: ReturnType<typeof drop>) =>
		planOf(at(0.02, 0.03, 0.04), { accuracy: { choose: drop(0, 0, 0), report } });
	const tasks: SearchedTasks = {
		limit: 0.02,
		questions: { choose: 50, report: 50 },
		baseline: { choose: 0.6, report: 0.58 },
		interval: { choose: 'documents', report: 'documents' },
		without: null
	};
	const verdict = (plan: PlanFigures, found: SearchedTasks) =>
		verdictOf(
			{
				goal: { kind: 'followers', followers: 1 },
				target: { axis: 'kvCache', share: 0.1 },
				plans: [plan],
				random: { plans: [], beaten: null },
				tasks: found
			},
			plan
		);

	it('is the accuracy of the held-out questions, with and without the plan, and the limit', () => {
		expect(verdict(asked(drop(-0.02, 0.02, 0.06)), tasks)).toMatchObject({
			kind: 'share',
			sentence: expect.stringContaining(
				'On 50 held-out questions accuracy goes from 58.0% to 56.0%, a drop of 2.0% [−2.0%, 6.0%]; the limit is 2%.'
			) as string
		});
	});

	it('is a reason against the plan where the whole interval lies above the limit', () => {
		expect(verdict(asked(drop(0.04, 0.1, 0.16)), tasks)).toMatchObject({
			kind: 'neither',
			sentence: expect.stringContaining(
				'Neither share nor drop: the accuracy drop on the questions lies above 2%.'
			) as string
		});
	});

	it('names the plan that another limit would choose', () => {
		const without = {
			plan: 'drop',
			sources: [0, null, 2],
			report: at(0.01, 0.02, 0.03),
			drop: drop(0.02, 0.08, 0.1)
		};
		expect(verdict(asked(drop(-0.02, 0.02, 0.06)), { ...tasks, without }).sentence).toContain(
			'With an accuracy limit of 8% or more drop would be chosen (--max-accuracy-drop).'
		);
	});

	it('is that they were not measured where no questions were asked', () => {
		expect(sentenceOf(planOf(at(0.02, 0.03, 0.04)))).toContain('Tasks were not measured');
	});
});

describe('what a verdict says of head maps', () => {
	const share = planOf(at(0.02, 0.03, 0.04));
	const matched = (difference: PartLoss) =>
		planOf(at(0.01, 0.025, 0.035), {
			...{ name: 'share-matched', maker: 'share-matched' },
			madeFrom: { plan: 'share', difference }
		});
	const words = (what: string) =>
		`With best-match head maps the share plan ${what}: 0.025 vs. 0.030.`;

	it('is less or more where the interval of their paired difference leaves out 0, though theirs overlap', () => {
		expect(sentenceOf(share, matched(at(-0.008, -0.005, -0.002)))).toContain(words('costs less'));
		expect(sentenceOf(share, matched(at(0.002, 0.005, 0.008)))).toContain(words('costs more'));
	});

	it('is no clear difference where it holds 0', () => {
		expect(sentenceOf(share, matched(at(-0.008, -0.005, 0.002)))).toContain(
			words('shows no clear difference')
		);
	});
});
