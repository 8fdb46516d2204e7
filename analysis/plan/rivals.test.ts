import { describe, expect, it } from 'vitest';
import { everyPlan, followersOf, randomLimits } from '../../tests/builders/plans.ts';
import { seeded } from '../statistics/resample.ts';
import { defaultLimits } from './limits.ts';
import { leastSimilarPlan, trailingPlan, uniformPlan } from './rivals.ts';
import { mostFollowers, planByFollowers } from './search.ts';
import { spansOf } from './spans.ts';
import type { Sources, SpanLimits } from './types.ts';

/** 16 layers, the first and the last protected, spans of 4 at most. */
const sixteen = defaultLimits(new Array<null>(16).fill(null));
/** Spans as 'source–last', for short. */
const words = (sources: Sources | null) =>
	sources && spansOf(sources).map(({ source, followers }) => `${source}–${followers.at(-1)}`);
/** Layers 1 to 4, 6 to 9 and 10 to 13 are stretches: 5 is protected, 10 has a sliding window. */
const broken: SpanLimits = {
	maxSpan: 3,
	protectedLayers: [0, 5, 14],
	slidingWindows: Array.from({ length: 15 }, (_, layer) => (layer < 10 ? null : 8))
};

describe('uniformPlan of 16 layers', () => {
	it('one follower is in the middle', () => {
		expect(uniformPlan(1, sixteen, 16)).toEqual([
			...[0, 1, 2, 3, 4, 5, 6],
			...[7, 7],
			...[9, 10, 11, 12, 13, 14, 15]
		]);
	});
	it('four are in pairs, spread alike from either end: 10 runs of 1.4 layers', () => {
		expect(words(uniformPlan(4, sixteen, 16))).toEqual(['2–3', '5–6', '9–10', '12–13']);
	});
	it('seven make pairs of all, nine threes and twos, ten threes and fours', () => {
		expect(words(uniformPlan(7, sixteen, 16))).toEqual([
			'1–2',
			'3–4',
			'5–6',
			'7–8',
			'9–10',
			'11–12',
			'13–14'
		]);
		expect(words(uniformPlan(9, sixteen, 16))).toEqual(['1–3', '4–6', '7–8', '9–11', '12–14']);
		expect(words(uniformPlan(10, sixteen, 16))).toEqual(['1–4', '5–7', '8–11', '12–14']);
	});
	it('eleven do not fit into spans of 4', () => {
		expect(uniformPlan(11, sixteen, 16)).toBeNull();
	});
	it('gives each stretch its part, the first of equal ones first', () => {
		expect(words(uniformPlan(1, broken, 15))).toEqual(['2–3']);
		expect(words(uniformPlan(3, broken, 15))).toEqual(['2–3', '7–8', '11–12']);
		expect(words(uniformPlan(6, broken, 15))).toEqual([
			'1–2',
			'3–4',
			'6–7',
			'8–9',
			'10–11',
			'12–13'
		]);
		expect(uniformPlan(7, broken, 15)).toBeNull();
	});
});

describe('trailingPlan', () => {
	it('is one span at the end where it may be so long, else full spans from the end', () => {
		expect(words(trailingPlan(1, sixteen, 16))).toEqual(['13–14']);
		expect(words(trailingPlan(3, sixteen, 16))).toEqual(['11–14']);
		expect(words(trailingPlan(4, sixteen, 16))).toEqual(['9–10', '11–14']);
		expect(words(trailingPlan(10, sixteen, 16))).toEqual(['1–2', '3–6', '7–10', '11–14']);
		expect(words(trailingPlan(6, { ...sixteen, maxSpan: 16 }, 16))).toEqual(['8–14']);
		expect(trailingPlan(11, sixteen, 16)).toBeNull();
	});
	it('goes on before a protected layer and before another sliding window', () => {
		expect(words(trailingPlan(2, broken, 15))).toEqual(['11–13']);
		expect(words(trailingPlan(3, broken, 15))).toEqual(['8–9', '11–13']);
		expect(words(trailingPlan(6, broken, 15))).toEqual(['2–4', '7–9', '11–13']);
		expect(trailingPlan(7, broken, 15)).toBeNull();
	});
});

describe('leastSimilarPlan', () => {
	const layers = 4;
	const free: SpanLimits = {
		maxSpan: 4,
		protectedLayers: [],
		slidingWindows: [null, null, null, null]
	};
	const matrix = new Float64Array(16).fill(0.5);
	matrix[0 * layers + 1] = 0.9;
	matrix[1 * layers + 2] = 0.1;
	matrix[2 * layers + 3] = 0.4;
	it('is the other way round from the most similar', () => {
		expect(leastSimilarPlan(matrix, layers, 1, free)).toEqual([0, 1, 1, 3]);
		expect(planByFollowers(matrix, layers, 1, free)).toEqual([0, 0, 2, 3]);
		expect(leastSimilarPlan(matrix, layers, 2, free)).toEqual([0, 1, 1, 1]);
	});
	it('has at most as many followers as fit', () => {
		expect(leastSimilarPlan(matrix, layers, 4, free)).toBeNull();
	});
});

describe('every rival', () => {
	const rivals = {
		uniformPlan,
		trailingPlan,
		leastSimilarPlan: (followers: number, limits: SpanLimits, layers: number) =>
			leastSimilarPlan(new Float64Array(layers ** 2).fill(0.5), layers, followers, limits)
	};
	it.each(Object.entries(rivals))(
		'%s is within the limits, with as many followers as asked; null where none is',
		(_, rival) => {
			const random = seeded(21);
			for (let i = 0; i < 150; i++) {
				const layers = 1 + Math.floor(random() * 8);
				const limits = randomLimits(layers, random);
				const plans = everyPlan(layers, limits, { share: true, drop: false });
				for (let followers = 0; followers <= layers; followers++) {
					const plan = rival(followers, limits, layers);
					if (plan === null) expect(followers).toBeGreaterThan(mostFollowers(limits, layers));
					else {
						expect(plans).toContainEqual(plan);
						expect(followersOf(plan)).toBe(followers);
					}
				}
			}
		}
	);
	it.each(Object.entries(rivals))('%s refuses a number of followers that is none', (_, rival) => {
		for (const followers of [-1, 1.5])
			expect(() => rival(followers, sixteen, 16)).toThrow(
				`followers: ${followers}; allowed: a whole number, 0 or more`
			);
	});
});
