import { describe, expect, it } from 'vitest';
import type { Sources } from '../../plan/types.ts';
import { leastTurnedPlan, leastTurnedSteps } from './leastTurned.ts';

describe('the choice of LLM-Drop', () => {
	const drops = (count: number) => (sources: Sources) =>
		sources.filter((source) => source === null).length >= count;
	it('drops the layers whose attention turns the state least, ties to the lower layer', () => {
		const turned = [0.5, 0.1, 0.2, 0.1];
		expect(leastTurnedPlan(turned, { protectedLayers: [] }, drops(2))).toEqual([0, null, 2, null]);
		expect(leastTurnedPlan(turned, { protectedLayers: [1] }, drops(2))).toEqual([0, 1, null, null]);
		expect(leastTurnedPlan(turned, { protectedLayers: [] }, drops(5))).toBeNull();
	});

	it('step by step looks again after each dropped layer', async () => {
		const asked: Sources[] = [];
		const again = (sources: Sources) => {
			asked.push(sources);
			return Promise.resolve([0.5, 0, 0.6, 0.7]);
		};
		const steps = (count: number) =>
			leastTurnedSteps([0.5, 0.1, 0.2, 0.1], { protectedLayers: [] }, drops(count), again);
		expect(await steps(1)).toEqual([0, null, 2, 3]);
		expect(asked).toEqual([]);
		expect(await steps(2)).toEqual([null, null, 2, 3]);
		expect(asked).toEqual([[0, null, 2, 3]]);
		expect(await steps(5)).toBeNull();
	});
});
