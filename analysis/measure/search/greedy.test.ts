import { describe, expect, it } from 'vitest';
import type { Sources, SpanLimits } from '../../plan/types.ts';
import { changes, greedyPlan, type GreedyTask } from './greedy.ts';

const limits = (layers: number, more: Partial<SpanLimits> = {}): SpanLimits => ({
	maxSpan: 3,
	protectedLayers: [],
	slidingWindows: new Array<null>(layers).fill(null),
	...more
});

/** A follower saves 1, a dropped layer 2. */
function saved(sources: Sources): number {
	return sources.reduce<number>(
		(sum, source, layer) => sum + (source === null ? 2 : source === layer ? 0 : 1),
		0
	);
}

/** Losses by made-up prices: of each follower and each dropped layer, and what is added where two plans meet. */
function measured(follow: number[], drop: number[], together: (sources: Sources) => number) {
	const asked: Sources[][] = [];
	const loss = (sources: Sources) =>
		sources.reduce<number>(
			(sum, source, layer) =>
				sum + (source === null ? drop[layer] : source === layer ? 0 : follow[layer]),
			3 + together(sources)
		);
	return {
		asked,
		measure: (plans: readonly Sources[]) => {
			asked.push([...plans]);
			return Promise.resolve(plans.map(loss));
		}
	};
}

const task = (more: Partial<GreedyTask> = {}): GreedyTask => ({
	layers: 4,
	limits: limits(4),
	dropping: true,
	saved,
	target: 2,
	...more
});

describe('greedyPlan', () => {
	it('takes at each step what adds the least loss for what it saves', async () => {
		const { measure, asked } = measured([9, 0.5, 0.1, 0.3], [9, 9, 9, 9], () => 0);
		expect(await greedyPlan(task({ dropping: false }), measure)).toEqual([0, 1, 1, 1]);
		expect(asked).toHaveLength(3); // the model as it is, and two steps
	});

	it('leaves a layer out where that costs less for what it saves', async () => {
		const { measure } = measured([9, 0.5, 0.2, 0.5], [9, 9, 9, 0.3], () => 0);
		expect(await greedyPlan(task(), measure)).toEqual([0, 1, 2, null]);
	});

	it('counts no saving beyond the target: half of what a dropped layer saves is not wanted', async () => {
		const { measure } = measured([9, 0.5, 0.2, 0.5], [9, 9, 9, 0.3], () => 0);
		expect(await greedyPlan(task({ target: 1 }), measure)).toEqual([0, 1, 1, 3]);
	});

	it('measures whole plans: what is dear together is not taken together', async () => {
		const clash = (sources: Sources) => (sources[2] === 1 && sources[3] === 1 ? 5 : 0);
		const { measure } = measured([9, 0.5, 0.1, 0.2, 0.4], [9, 9, 9, 9, 9], clash);
		const five = task({ layers: 5, limits: limits(5), dropping: false });
		expect(await greedyPlan(five, measure)).toEqual([0, 1, 1, 3, 3]);
	});

	it('is none where no change is left before the target', async () => {
		const { measure } = measured([0, 0, 0, 0], [0, 0, 0, 0], () => 0);
		const one = limits(4, { protectedLayers: [0, 1] });
		expect(await greedyPlan(task({ dropping: false, limits: one }), measure)).toBeNull();
	});
});

describe('changes', () => {
	const of = (plan: Sources, more: Partial<SpanLimits> = {}, dropping = true) =>
		changes(plan, { limits: limits(plan.length, more), dropping }).map(({ next }) => next);

	it('are one layer more that follows the span or layer before it, or is dropped', () => {
		expect(of([0, 0, 2, 3])).toEqual([
			[0, null, 2, 3],
			[0, 0, 0, 3],
			[0, 0, null, 3],
			[0, 0, 2, 2],
			[0, 0, 2, null]
		]);
	});

	it('keep spans whole: no source and no layer within a span is dropped, none follows a dropped layer', () => {
		expect(of([0, 0, 0, null, 4])).toEqual([
			[0, 0, null, null, 4],
			[0, 0, 0, null, null]
		]);
	});

	it('keep to the longest span, protected layers and the sliding windows', () => {
		expect(of([0, 0, 0, 3], {}, false)).toEqual([]);
		expect(of([0, 1, 2], { protectedLayers: [1] }, false)).toEqual([]);
		expect(of([0, 1, 2], { protectedLayers: [1] })).toEqual([
			[null, 1, 2],
			[0, 1, null]
		]);
		expect(of([0, 1, 2], { slidingWindows: [null, 8, 8] }, false)).toEqual([[0, 1, 1]]);
	});
});

describe('greedyPlan by what is known', () => {
	it('measures a change only as long as it may be the cheapest', async () => {
		const { measure, asked } = measured([9, 9, 9, 9], [0.4, 0.1, 0.3, 0.2], () => 0);
		const known = (layer: number, source: number | null) =>
			source === null ? [0.4, 0.1, 0.3, 0.2][layer] : 9;
		const plan = await greedyPlan(task({ target: 4 }), measure, known);
		expect(plan).toEqual([0, null, 2, null]);
		// The baseline, and two of each step's seven and six: 0.1 is less than 0.85 × 0.3, and 0.2 than 0.85 × 0.4.
		expect(asked.map((plans) => plans.length)).toEqual([1, 2, 2]);
	});

	it('goes on to the next where the cheapest costs more than it did', async () => {
		const together = (sources: Sources) => (sources[1] === null && sources[2] === null ? 5 : 0);
		const { measure } = measured([9, 9, 9, 9], [0.4, 0.1, 0.15, 0.2], together);
		const known = (layer: number, source: number | null) =>
			source === null ? [0.4, 0.1, 0.15, 0.2][layer] : 9;
		expect(await greedyPlan(task({ target: 4 }), measure, known)).toEqual([0, null, 2, null]);
	});
});
