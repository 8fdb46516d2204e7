import { describe, expect, it } from 'vitest';
import { everyPlan, followersOf, randomLimits } from '../../tests/builders/plans.ts';
import { seeded } from '../statistics/resample.ts';
import { randomPlans } from './random.ts';
import { checkSources } from './spans.ts';
import type { Sources, SpanLimits } from './types.ts';

const limits: SpanLimits = {
	maxSpan: 3,
	protectedLayers: [0, 8],
	slidingWindows: [null, null, null, null, null, null, null, 4, null]
};
const droppedOf = (plan: Sources) => plan.filter((source) => source === null).length;
/** Every plan with so many of each kind. */
const all = (layers: number, limits: SpanLimits, followers: number, dropped: number) =>
	everyPlan(layers, limits, { share: true, drop: true }).filter(
		(plan) => followersOf(plan) === followers && droppedOf(plan) === dropped
	);

describe('randomPlans', () => {
	it.each([
		{ followers: 2, dropped: 0 },
		{ followers: 0, dropped: 2 },
		{ followers: 2, dropped: 1 }
	])('draws each plan of $followers followers and $dropped dropped alike often', (kinds) => {
		const plans = all(9, limits, kinds.followers, kinds.dropped).map((plan) => plan.join());
		const each = 200;
		const counts = new Map(plans.map((plan) => [plan, 0]));
		for (const plan of randomPlans(each * plans.length, kinds, limits, 9, 1))
			counts.set(plan.join(), (counts.get(plan.join()) ?? 0) + 1);
		expect([...counts.keys()].sort()).toEqual(plans.sort());
		const chiSquare = [...counts.values()].reduce((sum, n) => sum + (n - each) ** 2 / each, 0);
		// Its mean is the number of plans less one, its variance twice that.
		const freedom = plans.length - 1;
		expect(freedom).toBeGreaterThan(4);
		expect(chiSquare).toBeLessThan(freedom + 4 * Math.sqrt(2 * freedom));
	});

	it('finds a plan wherever there is one, within the limits, and refuses where there is none', () => {
		const random = seeded(8);
		for (let i = 0; i < 200; i++) {
			const layers = 1 + Math.floor(random() * 6);
			const limits = randomLimits(layers, random);
			const kinds = { followers: Math.floor(random() * 4), dropped: Math.floor(random() * 3) };
			const plans = all(layers, limits, kinds.followers, kinds.dropped).map((plan) => plan.join());
			const draw = () => randomPlans(5, kinds, limits, layers, i);
			if (plans.length === 0) expect(draw).toThrow('random plans: none of');
			else for (const plan of draw()) expect(plans).toContain(plan.join());
		}
	});

	it('of 80 layers are plans with as many of each kind as asked', () => {
		const wide = { ...limits, maxSpan: 6, slidingWindows: new Array<null>(80).fill(null) };
		const plans = randomPlans(100, { followers: 20, dropped: 10 }, wide, 80, 2);
		expect(new Set(plans.map((plan) => plan.join())).size).toBe(100);
		for (const plan of plans) {
			expect(() => checkSources(plan, 80)).not.toThrow();
			expect([followersOf(plan), droppedOf(plan)]).toEqual([20, 10]);
			expect([plan[0], plan[8]]).toEqual([0, 8]);
		}
	});

	it('are the same for the same seed, others for another', () => {
		const draw = (seed: number) => randomPlans(20, { followers: 2, dropped: 1 }, limits, 9, seed);
		expect(draw(3)).toEqual(draw(3));
		expect(draw(4)).not.toEqual(draw(3));
	});

	it('says what none has', () => {
		expect(() => randomPlans(1, { followers: 6, dropped: 1 }, limits, 9, 1)).toThrow(
			'random plans: none of 9 layers has 6 followers and 1 dropped (spans of at most 3, protected: 0, 8)'
		);
	});
});
