import { describe, expect, it } from 'vitest';
import type { PartLoss, PlanFigures } from './types.ts';
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
	const repaired = (report: PartLoss) => planOf(report, { name: 'share repaired', repaired: true });

	it('is that it helps, or makes it worse, where both intervals part', () => {
		expect(sentenceOf(plain, repaired(at(0.005, 0.01, 0.015)))).toContain(
			'Refitting output projections helps: 0.010 vs. 0.030.'
		);
		expect(sentenceOf(plain, repaired(at(0.05, 0.06, 0.07)))).toContain(
			'Refitting output projections makes it worse: 0.060 vs. 0.030.'
		);
	});
	it('is no clear difference where the intervals overlap, or there are none', () => {
		const words = 'Refitting output projections makes no clear difference';
		expect(sentenceOf(plain, repaired(at(0.01, 0.024, 0.035)))).toContain(words);
		expect(sentenceOf(planOf(at(null, 0.03, null)), repaired(at(null, 0.01, null)))).toContain(
			words
		);
	});
});

it('claims nothing of head maps whose interval overlaps', () => {
	const matched = planOf(at(0.01, 0.025, 0.035), { name: 'share-matched', maker: 'share-matched' });
	expect(sentenceOf(planOf(at(0.02, 0.03, 0.04)), matched)).toContain(
		'With best-match head maps the share plan shows no clear difference: 0.025 vs. 0.030.'
	);
});
