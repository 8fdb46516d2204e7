import { expect, it } from 'vitest';
import { divideAmongStreams } from './divideWork.ts';

const PLANS = [
	[0, 1, 2, 3],
	[0, 1, 2, null],
	[0, 1, 2, 2],
	[null, 1, 2, 3]
].map((sources) => ({
	sources
}));
const ALL = PLANS.map(() => [true, true, true]);

it('gives every missing plan and window to one stream', () => {
	for (const streams of [1, 2, 3, 7]) {
		const parts = divideAmongStreams(ALL, PLANS, streams);
		expect(parts).toHaveLength(streams);
		for (const plan of PLANS.keys())
			for (const window of [0, 1, 2])
				expect(parts.filter((part) => part[plan][window])).toHaveLength(1);
	}
});

it('keeps windows whole where they come out even, and gives nothing that is not missing', () => {
	const missing = PLANS.map(() => [true, false, true]);
	const [first, second] = divideAmongStreams(missing, PLANS, 2);
	expect(first).toEqual(PLANS.map(() => [true, false, false]));
	expect(second).toEqual(PLANS.map(() => [false, false, true]));
	const none = PLANS.map(() => [false, false, false]);
	expect(divideAmongStreams(none, PLANS, 2)).toEqual([none, none]);
});

it('cuts a window between plans by what they take', () => {
	// In running order with their layers and losses: the baseline 1 + 0.8, the first layer dropped 4.8, the last 1.8, 3 after 2 1.8.
	const one = PLANS.map(() => [true]);
	const [first, second] = divideAmongStreams(one, PLANS, 2);
	expect(first.map(([wanted]) => wanted)).toEqual([true, false, false, true]);
	expect(second.map(([wanted]) => wanted)).toEqual([false, true, true, false]);
});
