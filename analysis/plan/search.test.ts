import { describe, expect, it } from 'vitest';
import { seeded } from '../../tests/builders/attention.ts';
import {
	compareSources,
	everyPlan,
	followersOf,
	randomLimits
} from '../../tests/builders/plans.ts';
import { defaultLimits, followersAllowed, rankSpans } from './limits.ts';
import { mostFollowers, planByFollowers, planByThreshold } from './search.ts';
import type { Sources, SpanLimits } from './types.ts';

const free = (layers: number): SpanLimits => ({
	maxSpan: layers,
	protectedLayers: [],
	slidingWindows: new Array<null>(layers).fill(null)
});
/** Every pair alike but those named: 'source-follower'. */
function matrixOf(layers: number, pairs: Record<string, number>): Float64Array {
	const matrix = new Float64Array(layers * layers).fill(0.1);
	for (const [pair, value] of Object.entries(pairs)) {
		const [source, follower] = pair.split('-').map(Number);
		matrix[source * layers + follower] = value;
	}
	return matrix;
}

/** Similarities are eighths, so these sums are exact and ties are ties. */
function costOf(plan: Sources, matrix: Float64Array): number {
	return plan.reduce<number>(
		(sum, source, layer) =>
			source === layer ? sum : sum + 1 - matrix[(source ?? 0) * plan.length + layer],
		0
	);
}
/** 300 small models whose similarities are eighths, with limits of all kinds. */
const cases = (() => {
	const random = seeded(2026);
	return Array.from({ length: 300 }, () => {
		const layers = 1 + Math.floor(random() * 8);
		const limits = randomLimits(layers, random);
		const matrix = Float64Array.from(
			{ length: layers * layers },
			() => Math.floor(random() * 9) / 8
		);
		return {
			layers,
			limits,
			matrix,
			plans: everyPlan(layers, limits, { share: true, drop: false })
		};
	});
})();

describe('planByThreshold', () => {
	it('is the best of all plans: most followers, least cost, then smallest sources', () => {
		for (const { layers, limits, matrix, plans } of cases)
			for (const threshold of [0, 0.5, 0.75, 1.5]) {
				const [best] = plans
					.filter((plan) =>
						plan.every(
							(source, layer) =>
								source === layer || matrix[(source ?? 0) * layers + layer] >= threshold
						)
					)
					.sort(
						(a, b) =>
							followersOf(b) - followersOf(a) ||
							costOf(a, matrix) - costOf(b, matrix) ||
							compareSources(a, b)
					);
				expect(planByThreshold(matrix, layers, threshold, limits)).toEqual(best);
			}
	});

	it('asks each follower to be like its source, not like its neighbour', () => {
		const matrix = matrixOf(4, { '0-1': 0.9, '1-2': 0.9, '2-3': 0.9 });
		expect(planByThreshold(matrix, 4, 0.9, free(4))).toEqual([0, 0, 2, 2]);
	});
	it('among as many followers takes those most alike', () => {
		const matrix = matrixOf(3, { '0-1': 0.8, '1-2': 0.9 });
		expect(planByThreshold(matrix, 3, 0.7, free(3))).toEqual([0, 1, 1]);
	});
	it('above every similarity changes nothing', () => {
		expect(planByThreshold(matrixOf(3, {}), 3, 0.5, free(3))).toEqual([0, 1, 2]);
	});
	it('refuses a threshold that is no number', () => {
		expect(() => planByThreshold(matrixOf(3, {}), 3, NaN, free(3))).toThrow(
			'threshold: NaN; allowed: a number'
		);
	});
});

describe('planByFollowers', () => {
	it('is the best of all plans with as many followers: least cost, then smallest sources', () => {
		for (const { layers, limits, matrix, plans } of cases)
			for (let count = 0; count <= mostFollowers(limits, layers); count++) {
				const [best] = plans
					.filter((plan) => followersOf(plan) === count)
					.sort((a, b) => costOf(a, matrix) - costOf(b, matrix) || compareSources(a, b));
				expect(planByFollowers(matrix, layers, count, limits)).toEqual(best);
			}
	});
	it('ties plans whose costs are the same numbers added in another order', () => {
		const costs = [0.95, 0.8, 0.15].map((similarity) => 1 - similarity);
		const sum = (list: number[]) => list.reduce((total, cost) => total + cost, 0);
		expect(sum(costs)).toBeGreaterThan(sum(costs.reverse()));
		const matrix = matrixOf(8, {
			...{ '0-1': 0.95, '0-2': 0.8, '0-3': 0.15 },
			...{ '4-5': 0.15, '4-6': 0.8, '4-7': 0.95 }
		});
		expect(planByFollowers(matrix, 8, 3, free(8))).toEqual([0, 0, 0, 0, 4, 5, 6, 7]);
		expect(planByThreshold(matrix, 8, 0.12, { ...free(8), protectedLayers: [4] })).toEqual([
			0, 0, 0, 0, 4, 5, 6, 7
		]);
	});
	it('names the most that fit', () => {
		const limits = defaultLimits(new Array<null>(16).fill(null));
		// Layers 1–14 in spans of four: 4 + 4 + 4 + 2 layers, four sources.
		expect(mostFollowers(limits, 16)).toBe(10);
		expect(() => planByFollowers(matrixOf(16, {}), 16, 11, limits)).toThrow(
			'followers: 11; at most 10 fit (16 layers, spans of at most 4, protected: 0, 15)'
		);
		expect(() => planByFollowers(matrixOf(2, {}), 2, -1, free(2))).toThrow(
			'followers: -1; at most 1 fit (2 layers, spans of at most 2, protected: none)'
		);
	});
	it('searches 126 layers in well under a second', () => {
		const random = seeded(4);
		const matrix = Float64Array.from({ length: 126 * 126 }, random);
		const limits = defaultLimits(new Array<null>(126).fill(null));
		const start = performance.now();
		expect(followersOf(planByFollowers(matrix, 126, 60, limits))).toBe(60);
		expect(performance.now() - start).toBeLessThan(1000);
	});
});

describe('limits', () => {
	it('mostFollowers is the most of all plans', () => {
		for (const { layers, limits, plans } of cases)
			expect(mostFollowers(limits, layers)).toBe(Math.max(...plans.map(followersOf)));
	});
	it('spans end before a protected layer, before another sliding window, and at their longest', () => {
		const limits: SpanLimits = {
			maxSpan: 3,
			protectedLayers: [0, 4],
			slidingWindows: [null, null, null, null, null, 8, 8, null]
		};
		expect(followersAllowed(limits, 8)).toEqual([0, 2, 1, 0, 0, 1, 0, 0]);
	});
	it('rankSpans lists every allowed span, the most alike first', () => {
		const matrix = matrixOf(4, { '0-1': 0.5, '0-2': 0.7, '1-2': 0.9, '2-3': 0.6 });
		const ranked = rankSpans(matrix, 4, { ...free(4), maxSpan: 3 });
		expect(ranked.map(({ source, length }) => [source, length])).toEqual([
			[1, 2],
			[2, 2],
			[0, 3],
			[0, 2],
			[1, 3]
		]);
		expect(ranked[2]).toMatchObject({ followers: [1, 2], min: 0.5 });
		expect(ranked[2].mean).toBeCloseTo(0.6, 12);
	});
	it('refuses a span of no layers, and protected layers that are not there', () => {
		expect(() => mostFollowers({ ...free(4), maxSpan: 0 }, 4)).toThrow(
			'longest span: 0; allowed: a whole number of layers, 1 or more'
		);
		expect(() => mostFollowers({ ...free(4), protectedLayers: [4] }, 4)).toThrow(
			'protected layer 4: not in the model; allowed: 0 to 3'
		);
		expect(() => mostFollowers(free(3), 4)).toThrow('sliding windows: 3 layers; expected 4');
	});
});
