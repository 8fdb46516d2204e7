import { describe, expect, it } from 'vitest';
import { PlanSteps } from './planSteps.svelte.ts';

describe('PlanSteps', () => {
	it('counts what a slider does in one gesture as one step', () => {
		const steps = new PlanSteps();
		steps.add('followers', 1000);
		steps.add('followers', 1100);
		steps.add('followers', 1800);
		expect(steps.at).toBe(1);
		steps.add('followers', 3000);
		steps.add('threshold', 3001);
		expect(steps.at).toBe(3);
	});
	it('counts every other change by itself', () => {
		const steps = new PlanSteps();
		steps.add(null, 0);
		steps.add(null, 0);
		expect(steps.at).toBe(2);
	});
	it('keeps what can be redone until something is changed', () => {
		const steps = new PlanSteps();
		for (const time of [0, 1, 2]) steps.add(null, time);
		steps.show(1);
		expect(steps).toMatchObject({ at: 1, last: 3 });
		steps.add('followers', 3);
		expect(steps).toMatchObject({ at: 2, last: 2 });
	});
});
