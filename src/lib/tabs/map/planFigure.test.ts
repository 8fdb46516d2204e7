import { expect, it } from 'vitest';
import { savings } from '$analysis/plan/savings.ts';
import { madeUpRun } from '../../../../tests/builders/run.ts';
import type { EvaluatedPlan } from '../../state/evaluatedPlan.ts';
import { figureSvg } from '$analysis/figure/svg.ts';
import { planFigure } from './planFigure.ts';

const svgOf = (plan: Parameters<typeof planFigure>[0]) => figureSvg(planFigure(plan));

it('lists every span with its scores, and what the plan saves', () => {
	const { model } = madeUpRun().record;
	const svg = svgOf({
		title: 'tiny: plan',
		caption: 'A candidate.',
		spans: [{ source: 0, followers: [1, 2] }],
		dropped: [],
		parts: null,
		evaluations: [],
		matrix: Float64Array.of(1, 0.75, 0.5, 0.75, 1, 0.25, 0.5, 0.25, 1),
		layers: 3,
		savings: savings(model, [0, 0, 0], { context: 64, batch: 1, elementBytes: 2 })
	});
	expect([...svg.matchAll(/<text[^>]*>([^<]*)/g)].map(([, content]) => content)).toEqual(
		expect.arrayContaining(['tiny: plan', '0', '1, 2', '0.625', '0.500', 'K cache', 'A candidate.'])
	);
	expect(svg).toContain('−33.33%');
});

it('lists dropped layers, and what the parts cost where that was measured', () => {
	const { model } = madeUpRun().record;
	const svg = svgOf({
		title: 'tiny: plan',
		caption: '',
		spans: [{ source: 0, followers: [1] }],
		dropped: [2],
		parts: { sum: 0.125, missing: [], dropped: -0.25 },
		evaluations: [],
		matrix: null,
		layers: 3,
		savings: savings(model, [0, 0, null], { context: 64, batch: 1, elementBytes: 2 })
	});
	for (const text of ['attention dropped', 'sum of its parts', '+0.125', '−0.250']) {
		expect(svg).toContain(`>${text}</text>`);
	}
});

it('shows what an evaluation of the whole plan found', () => {
	const { model } = madeUpRun().record;
	const evaluated = {
		texts: ['walden.txt'],
		windows: 16,
		context: 512,
		evaluation: {
			loss: 0.292,
			low: 0.231,
			high: 0.35,
			agreement: 0.615,
			recall: { loss: 0.5, low: 0.4, high: 0.6 }
		}
	} as unknown as EvaluatedPlan;
	const svg = svgOf({
		title: 'tiny: plan',
		caption: '',
		spans: [{ source: 0, followers: [1] }],
		dropped: [],
		parts: null,
		evaluations: [evaluated],
		matrix: null,
		layers: 3,
		savings: savings(model, [0, 0, 2], { context: 64, batch: 1, elementBytes: 2 })
	});
	for (const text of ['+0.292', '+0.350]', 'walden.txt', '+0.500']) expect(svg).toContain(text);
});
