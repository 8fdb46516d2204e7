import { describe, expect, it } from 'vitest';
import type { SearchDamage } from './damage.ts';
import { bestWithin, keepingRecall, weighedFront, weighedPlans, type Weighing } from './weighed.ts';

/** Four layers: 1 costs least on text and carries recall, 2 costs more and does not. */
const damage: SearchDamage = {
	drop: [1, 0.01, 0.1, 1],
	recallDrop: [0, 2, 0.01, 0],
	spans: [
		{ source: 0, last: 1, cheap: 0, measured: 0.02, recall: 1.5 },
		{ source: 1, last: 2, cheap: 0, measured: 0.3, recall: 0 }
	]
};
const weighing: Weighing = {
	damage,
	perLayer: { share: [0, 0.125, 0.125, 0.125], drop: [0.25, 0.25, 0.25, 0.25] },
	limits: { maxSpan: 2, protectedLayers: [], slidingWindows: [null, null, null, null] }
};

describe('exact plans over both damages', () => {
	it('avoid the layer that carries recall from 0.01 + 2w > 0.1 + 0.01w on, which is w = 0.0452', () => {
		expect(weighedPlans('drop', 0.25, weighing)).toEqual([
			{ sources: [0, null, 2, 3], weight: 0 },
			{ sources: [0, 1, null, 3], weight: 0.05 }
		]);
	});

	it('of followers likewise: 0.02 + 1.5w > 0.3 from w = 0.187 on', () => {
		expect(weighedPlans('share', 0.125, weighing)).toEqual([
			{ sources: [0, 0, 2, 3], weight: 0 },
			{ sources: [0, 1, 1, 3], weight: 0.2 }
		]);
	});

	it('have no part whose recall was not measured', () => {
		const spans = damage.spans.map((span) => ({ ...span, recall: null }));
		const front = weighedFront('share', 0.1, { ...weighing, damage: { ...damage, spans } });
		expect(front.map(({ sources }) => sources)).toEqual([[0, 1, 2, 3]]);
	});
});

describe('bestWithin', () => {
	const all = (...values: number[]) => values.map((loss) => ({ loss, low: null, high: null }));
	it('is the least loss that keeps recall within the limit', () => {
		expect(bestWithin(all(0.1, 0.2, 0.3), all(0.5, 0.05, 0), 0.1)).toBe(1);
	});
	it('is the least recall increase where none keeps it', () => {
		expect(bestWithin(all(0.1, 0.2, 0.3), all(0.5, 0.4, 0.45), 0.1)).toBe(1);
	});
	it('is the least loss where recall was not measured', () => {
		expect(bestWithin(all(0.1, 0.2, 0.3), null, 0.1)).toBe(0);
	});
});

describe('keepingRecall', () => {
	const part = (loss: number) => ({ loss, low: loss, high: loss });
	const meterOf = (losses: Record<string, number>, asked: string[]) => ({
		added: (_: string, plans: readonly { sources: readonly (number | null)[] }[]) => {
			const names = plans.map(({ sources }) => sources.join(' '));
			asked.push(...names);
			return Promise.resolve(names.map((name) => part(losses[name])));
		}
	});
	const plans = [
		[0, 1, 1],
		[0, 0, 2],
		[0, 1, null]
	].map((sources) => ({ sources }));
	const [a, b, c] = plans.map(({ sources }) => sources.join(' '));

	it('takes the plan that bestWithin takes, and asks no plan that is dearer on text for its recall', async () => {
		const asked: string[] = [];
		const meter = meterOf({ [a]: 0.3, [b]: 0.1, [c]: 0.2 }, []);
		const recall = meterOf({ [a]: 0, [b]: 0.5, [c]: 0.05 }, asked);
		expect(await keepingRecall(plans, { meter, recall, limit: 0.1 })).toBe(plans[2]);
		expect(asked).toEqual([b, c]);
	});

	it('asks all where none keeps recall, and takes the one that keeps most', async () => {
		const asked: string[] = [];
		const meter = meterOf({ [a]: 0.3, [b]: 0.1, [c]: 0.2 }, []);
		const recall = meterOf({ [a]: 0.2, [b]: 0.5, [c]: 0.4 }, asked);
		expect(await keepingRecall(plans, { meter, recall, limit: 0.1 })).toBe(plans[0]);
		expect(asked).toHaveLength(3);
	});
});
