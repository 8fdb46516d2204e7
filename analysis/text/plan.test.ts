import { describe, expect, it } from 'vitest';
import {
	adviceWords,
	attendingWords,
	isPlain,
	layerList,
	plannedLayerWords,
	planCounts,
	planWords,
	spanWords
} from './plan.ts';

const plan = [0, 1, 2, 3, 3, 5, 6, 7, 7, 7, 7, 11, null, 13, null, null];

describe('a plan in words', () => {
	it('names followers before their source, and dropped layers', () => {
		expect(planWords(plan)).toBe('4←3, 8–10←7; dropped: 12, 14–15');
		expect(planWords([0, 1, 1])).toBe('2←1');
		expect(planWords([0, null])).toBe('dropped: 1');
		expect(planWords([0, 1, 2])).toBe('unchanged');
	});
	it('counts followers and dropped layers', () => {
		expect(planCounts(plan)).toBe('4 followers, 3 dropped');
		expect(planCounts([0, 1, 1])).toBe('1 follower');
		expect(planCounts([0, null, 2])).toBe('1 dropped');
		expect(planCounts([0, 1, 2])).toBe('no followers');
	});
	it('advises', () => {
		expect(adviceWords([0, 1, 1, 1, 4, 4, null])).toBe(
			'Share the attention of layer 1 with 2 and 3, of 4 with 5 and drop the attention of layer 6'
		);
		expect(adviceWords([0, null, null])).toBe('Drop the attention of layers 1, 2');
		expect(adviceWords([0, 1])).toBe('Change nothing');
	});
	it('is plain where every layer computes its own attention', () => {
		expect([isPlain([0, 1, 2]), isPlain([0, 0, 2]), isPlain([0, null, 2])]).toEqual([
			true,
			false,
			false
		]);
	});
});

describe('layers in words', () => {
	it('join neighbours to ranges', () => {
		expect(layerList([1, 2, 3, 5, 7, 8])).toBe('1–3, 5, 7–8');
		expect(layerList([])).toBe('');
		expect(spanWords({ source: 4, followers: [5, 6, 7] })).toBe('4–7');
	});
	it('say what a plan does to each, or why it cannot', () => {
		expect(plannedLayerWords({ layer: 1, source: null, problem: null })).toBe('dropped');
		expect(plannedLayerWords({ layer: 1, source: 1, problem: null })).toBe('own attention');
		expect(plannedLayerWords({ layer: 1, source: 0, problem: null })).toBe('follows 0');
		expect(plannedLayerWords({ layer: 1, source: 0, problem: 'other widths' })).toBe(
			'cannot follow 0: other widths'
		);
	});
	it('count those with attention of their own', () => {
		expect(attendingWords({ layers: 16, attending: 12 })).toBe(
			'12 of 16 layers compute their own attention'
		);
		expect(attendingWords({ layers: 2, attending: 1 })).toBe(
			'1 of 2 layers computes its own attention'
		);
	});
});
