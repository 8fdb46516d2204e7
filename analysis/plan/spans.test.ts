import { describe, expect, it } from 'vitest';
import {
	checkSources,
	checkSpansAgree,
	headMapsOf,
	planSpans,
	sourcesOf,
	spansOf
} from './spans.ts';
import type { Sources } from './types.ts';

const sources: Sources = [0, 1, 2, 2, 2, 5, 6, 6];
const spans = [
	{ source: 2, followers: [3, 4] },
	{ source: 6, followers: [7] }
];

describe('spansOf and sourcesOf', () => {
	it('turn one form into the other', () => {
		expect(spansOf(sources)).toEqual(spans);
		expect(sourcesOf(spans, 8)).toEqual(sources);
	});
	it('a plan without followers has no spans', () => {
		expect(spansOf([0, 1, 2])).toEqual([]);
		expect(sourcesOf([], 3)).toEqual([0, 1, 2]);
	});
	it('a dropped layer is in no span', () => {
		expect(spansOf([0, null, 2, 2])).toEqual([{ source: 2, followers: [3] }]);
	});
	it('refuse layers outside the model and layers in two spans', () => {
		expect(() => sourcesOf([{ source: 2, followers: [3] }], 3)).toThrow(
			'span of 2: layer 3; allowed: 0 to 2'
		);
		expect(() =>
			sourcesOf(
				[
					{ source: 1, followers: [2] },
					{ source: 2, followers: [3] }
				],
				4
			)
		).toThrow('layer 2: in two spans; allowed: one');
	});
});

describe('checkSources', () => {
	it('accepts plans, dropped layers among them', () => {
		for (const plan of [sources, [0], [0, null, 2, 2], [null, 1, 1]])
			expect(() => {
				checkSources(plan, plan.length);
			}).not.toThrow();
	});
	it.each<[string, Sources, string]>([
		['a wrong number of layers', [0, 1, 2], 'sources: 3 layers; expected 4'],
		[
			'a source after its follower',
			[0, 2, 2, 3],
			'layer 1: source 2 comes after its follower; allowed: 0 to 1'
		],
		[
			'a follower as source',
			[0, 0, 1, 3],
			'layer 2: source 1 is itself a follower of 0; a source computes its own attention'
		],
		[
			'a source that is dropped',
			[null, 0, 2, 3],
			'layer 1: source 0 is dropped; a source computes its own attention'
		],
		[
			'followers that are not contiguous',
			[0, 1, 0, 3],
			'layer 2: follows 0, but layer 1 does not; the layers of a span are contiguous'
		],
		[
			'a source outside the model',
			[0, 9, 2, 3],
			'layer 1: source 9; allowed: null, or a layer from 0 to 1'
		],
		['half a layer', [0, 0.5, 2, 3], 'layer 1: source 0.5; allowed: null, or a layer from 0 to 1']
	])('refuses %s', (_, plan, message) => {
		expect(() => {
			checkSources(plan, 4);
		}).toThrow(message);
	});
});

describe('checkSpansAgree', () => {
	it('accepts the same spans in any order', () => {
		expect(() => {
			checkSpansAgree(sources, [...spans].reverse());
		}).not.toThrow();
	});
	it('refuses spans that say something else', () => {
		expect(() => {
			checkSpansAgree(sources, spans.slice(0, 1));
		}).toThrow('spans and sources disagree: spans say (2: 3, 4); sources say (2: 3, 4; 6: 7)');
	});
});

describe('planSpans', () => {
	it('scores a span by the mean similarity of its followers to their source', () => {
		const matrix = new Float64Array(64);
		matrix[2 * 8 + 3] = 0.9;
		matrix[2 * 8 + 4] = 0.7;
		matrix[6 * 8 + 7] = 0.5;
		const [first, second] = planSpans(sources, matrix);
		expect(first.score).toBeCloseTo(0.8, 12);
		expect(second).toEqual({ source: 6, followers: [7], headMap: 'identity', score: 0.5 });
	});
	it('holds a head map per follower where heads were matched, and no score where nothing was measured', () => {
		const map = (source: number, follower: number) => [source, follower];
		expect(planSpans(sources, null, map)[0]).toEqual({
			source: 2,
			followers: [3, 4],
			headMap: [
				[2, 3],
				[2, 4]
			],
			score: null
		});
	});
});

describe('headMapsOf', () => {
	it('gives each follower its map, and null to every layer whose heads keep their places', () => {
		const spans: Parameters<typeof headMapsOf>[0] = [
			{
				followers: [1, 2],
				headMap: [
					[1, 0],
					[0, 0]
				]
			},
			{ followers: [4], headMap: 'identity' }
		];
		expect(headMapsOf(spans, 5)).toEqual([null, [1, 0], [0, 0], null, null]);
	});
});
