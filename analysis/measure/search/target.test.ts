import { describe, expect, it } from 'vitest';
import type { FrontPlan } from '../../plan/front.ts';
import type { Sources } from '../../plan/types.ts';
import { fixedTarget, targetOfLoss } from './target.ts';

const part = (loss: number) => ({ loss, low: loss, high: loss });

/** A front of plans that drop 1, 2, … layers of four, each of which saves a tenth. */
const front: FrontPlan[] = [1, 2, 3].map((count) => ({
	sources: [0, 1, 2, 3].map((layer) => (layer < count ? null : layer)),
	saved: count / 10,
	cost: 0
}));

function meterOf(losses: readonly number[]) {
	const asked: number[] = [];
	const dropped = (sources: Sources) => sources.filter((source) => source === null).length;
	return {
		asked,
		added: (_: string, plans: readonly { sources: Sources }[]) => {
			asked.push(...plans.map(({ sources }) => dropped(sources)));
			return Promise.resolve(plans.map(({ sources }) => part(losses[dropped(sources) - 1])));
		}
	};
}

const goal = { kind: 'loss', maxLossIncrease: 0.1 } as const;

describe('the target of a loss', () => {
	it('is what the plan saves that saves most within it', async () => {
		const meter = meterOf([0.02, 0.08, 0.2]);
		const target = await targetOfLoss(goal, [front], { meter, recall: null, limit: 0.1 });
		expect(target).toEqual({ axis: 'kvCache', share: 0.2 });
		expect(meter.asked).toEqual([3, 2]);
	});

	it('keeps recall within its limit as well, and asks for it only where text is', async () => {
		const recall = meterOf([0.05, 0.4, 0.4]);
		const meter = meterOf([0.02, 0.08, 0.2]);
		const target = await targetOfLoss(goal, [front], { meter, recall, limit: 0.1 });
		expect(target.share).toBe(0.1);
		expect(recall.asked).toEqual([2, 1]);
	});

	it('is the most of all fronts, and 0 where none stays within it', async () => {
		const meter = meterOf([0.02, 0.08, 0.2]);
		const deps = { meter, recall: null, limit: 0.1 };
		expect((await targetOfLoss(goal, [front.slice(0, 1), front], deps)).share).toBe(0.2);
		expect((await targetOfLoss(goal, [front.slice(2)], deps)).share).toBe(0);
	});
});

describe('the target of followers', () => {
	it('is what so many of the layers that save least save, the first being a source', () => {
		const goal = { kind: 'followers', followers: 2 } as const;
		expect(fixedTarget(goal, [0.01, 0.3, 0.1, 0.2])?.share).toBeCloseTo(0.3, 12);
	});
});
