import { expect, it } from 'vitest';
import { planKey } from '$analysis/plan/key.ts';
import type { ResultSummary } from '$analysis/measure/results/types.ts';
import { evaluatedLoss, evaluatedOn, evaluationsOf } from './evaluatedPlan.ts';

const key = planKey({ sources: [0, 0, 2], spans: [], repair: null });
const summary = (id: string, plan: string): ResultSummary => ({
	id,
	kind: 'evaluate',
	createdAt: '2026-11-23T06:15:03.000Z',
	model: { name: 'tiny', hash: 'abc' },
	texts: ['walden.txt'],
	context: 512,
	windows: 16,
	words: '',
	evaluation: {
		sources: [0, 0, 2],
		plan,
		repaired: false,
		loss: 0.292,
		low: 0.231,
		high: 0.35,
		baseline: 3,
		agreement: 0.615,
		recall: null,
		gates: null
	},
	bench: null,
	tasks: null,
	search: null,
	damage: null,
	tune: null
});

it('finds the evaluations of the same plan and no other', () => {
	const results = [
		summary('new', key),
		summary(
			'repaired',
			planKey({
				sources: [0, 0, 2],
				spans: [],
				repair: { file: 'w.safetensors', sha256: 'a', strength: 1 }
			})
		),
		{ ...summary('damage', key), evaluation: null },
		summary('old', key)
	];
	expect(evaluationsOf(results, key).map(({ id }) => id)).toEqual(['new', 'old']);
	expect(evaluationsOf(results, null)).toEqual([]);
});
it('says the loss increase with its interval, and on what', () => {
	const [found] = evaluationsOf([summary('new', key)], key);
	expect(evaluatedLoss(found)).toEqual({ loss: '+0.292', interval: '[+0.231, +0.350]' });
	expect(evaluatedOn(found)).toBe('walden.txt, 16 × 512 tokens, top-1 agreement 61.5%');
});
