import { expect, it } from 'vitest';
import { firstChange, layersInCommon, runningOrder } from './planOrder.ts';

it('counts the layers that two plans run alike, head maps and repairs included', () => {
	const plan = { sources: [0, 0, 2, null] };
	expect(layersInCommon(plan, { sources: [0, 0, 2, 2] })).toBe(3);
	expect(layersInCommon(plan, plan)).toBe(4);
	const mapped = { ...plan, headMaps: [null, [1, 0], null, null] };
	expect(layersInCommon(plan, mapped)).toBe(1);
	expect(layersInCommon(mapped, { ...plan, headMaps: [null, [1, 0], null, null] })).toBe(4);
	const repairs = new Map([[3, { o: null, bias: Float32Array.of(1) }]]);
	expect(layersInCommon(plan, { ...plan, repairs })).toBe(3);
});

it('finds the first layer that a plan changes', () => {
	expect(firstChange({ sources: [0, 1, null] })).toBe(2);
	expect(firstChange({ sources: [0, 1, 2] })).toBe(3);
});

it('runs the baseline first, then what drops first, then by the source that is followed first', () => {
	const plans = [
		{ sources: [0, 1, 1, 3] },
		{ sources: [0, 1, 2, 0] },
		{ sources: [0, 1, 1, 1] },
		{ sources: [0, 1, 2, 3] },
		{ sources: [0, 1, null, 3] },
		{ sources: [0, 1, 2, 1] }
	];
	expect(runningOrder(plans)).toEqual([3, 4, 1, 0, 2, 5]);
});
