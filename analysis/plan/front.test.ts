import { describe, expect, it } from 'vitest';
import { compareSources, everyPlan, randomLimits } from '../../tests/builders/plans.ts';
import { seeded } from '../statistics/resample.ts';
import type { SavedPerLayer } from './axes.ts';
import { leastCost, paretoFront, type FrontPlan, type MeasuredCosts } from './front.ts';
import { checkSources, spansOf } from './spans.ts';
import type { Sources, SpanLimits } from './types.ts';

const BOTH = { share: true, drop: true };
const DECISIONS = {
	share: { share: true, drop: false },
	drop: { share: false, drop: true },
	both: BOTH
};

interface Case {
	layers: number;
	limits: SpanLimits;
	costs: MeasuredCosts;
	saved: SavedPerLayer;
}

/** Computes a plan's saving and cost as plain sums; null if a part of it was not measured. */
function priced(sources: Sources, { costs, saved }: Case): FrontPlan | null {
	const parts = spansOf(sources).map(({ source, followers }) => ({
		saved: followers.reduce((sum, layer) => sum + saved.share[layer], 0),
		cost: costs.span(source, followers[followers.length - 1])
	}));
	sources.forEach((source, layer) => {
		if (source === null) parts.push({ saved: saved.drop[layer], cost: costs.drop[layer] });
	});
	return parts.reduce<FrontPlan | null>(
		(plan, part) =>
			plan === null || part.cost === null
				? null
				: { ...plan, saved: plan.saved + part.saved, cost: plan.cost + part.cost },
		{ sources, saved: 0, cost: 0 }
	);
}

function pricedPlans(small: Case, allowed: { share: boolean; drop: boolean }): FrontPlan[] {
	return everyPlan(small.layers, small.limits, allowed).flatMap((sources) => {
		const plan = priced(sources, small);
		return plan === null ? [] : [plan];
	});
}

/** Plans that no other beats; of equal ones the one with the smallest `sources`. */
function bruteFront(plans: FrontPlan[]): FrontPlan[] {
	return plans
		.filter(
			(plan) =>
				!plans.some(
					(other) =>
						other.saved >= plan.saved &&
						other.cost <= plan.cost &&
						(other.saved > plan.saved ||
							other.cost < plan.cost ||
							compareSources(other.sources, plan.sources) < 0)
				)
		)
		.sort((a, b) => a.saved - b.saved);
}

/** Models of up to 6 layers with limits of all kinds. A seventh of all cases were not measured. */
function randomCases(count: number, cost: (random: () => number) => number, seed: number): Case[] {
	const random = seeded(seed);
	return Array.from({ length: count }, () => {
		const layers = 1 + Math.floor(random() * 6);
		const measured = () => (random() < 1 / 7 ? null : cost(random));
		const list = <T>(of: () => T) => Array.from({ length: layers }, of);
		const spans = list(() => list(measured));
		return {
			layers,
			limits: randomLimits(layers, random),
			costs: { drop: list(measured), span: (source, last) => spans[source][last] },
			saved: { share: list(() => cost(random) + 0.5), drop: list(() => cost(random) + 1) }
		};
	});
}
/** −½ to 1 in eighths: sums are exact, many plans tie, some cost less than nothing. */
const eighths = randomCases(250, (random) => (Math.floor(random() * 13) - 4) / 8, 11);
const fractions = randomCases(100, (random) => random() * 0.3 - 0.05, 12);

describe('paretoFront', () => {
	it.each(Object.entries(DECISIONS))(
		'is exactly what no plan beats, of all plans of small models: %s',
		(_, allowed) => {
			for (const small of eighths) {
				const front = paretoFront(small.costs, small.saved, small.limits, allowed);
				expect(front).toEqual(bruteFront(pricedPlans(small, allowed)));
			}
		}
	);
	it('is so for costs and savings that are no round numbers', () => {
		for (const small of fractions) {
			const front = paretoFront(small.costs, small.saved, small.limits, BOTH);
			const expected = bruteFront(pricedPlans(small, BOTH));
			expect(front.map(({ sources }) => sources)).toEqual(expected.map(({ sources }) => sources));
			front.forEach(({ saved, cost }, i) => {
				expect(saved).toBeCloseTo(expected[i].saved, 10);
				expect(cost).toBeCloseTo(expected[i].cost, 10);
			});
		}
	});

	const free: SpanLimits = { maxSpan: 3, protectedLayers: [], slidingWindows: [null, null, null] };
	const unit = { share: [0, 1, 1], drop: [2, 2, 2] };
	it('of three layers, worked out by hand', () => {
		const spans = new Map([
			['0-1', 0.25],
			['1-2', 0.75],
			['0-2', 1]
		]);
		const costs: MeasuredCosts = {
			drop: [9, 0.5, 2],
			span: (source, last) => spans.get(`${source}-${last}`) ?? null
		};
		expect(paretoFront(costs, unit, free, BOTH)).toEqual([
			{ sources: [0, 1, 2], saved: 0, cost: 0 },
			{ sources: [0, 0, 2], saved: 1, cost: 0.25 },
			{ sources: [0, null, 2], saved: 2, cost: 0.5 },
			{ sources: [0, 0, null], saved: 3, cost: 2.25 },
			{ sources: [0, null, null], saved: 4, cost: 2.5 },
			{ sources: [null, null, null], saved: 6, cost: 11.5 }
		]);
	});
	it('has the plan that changes nothing unless one costs no more', () => {
		const costing = (cost: number): MeasuredCosts => ({
			drop: [null, cost, null],
			span: () => null
		});
		const kept = { sources: [0, 1, 2], saved: 0, cost: 0 };
		expect(paretoFront(costing(0.5), unit, free, BOTH)).toContainEqual(kept);
		expect(paretoFront(costing(-0.5), unit, free, BOTH)).toEqual([
			{ sources: [0, null, 2], saved: 2, cost: -0.5 }
		]);
		expect(paretoFront(costing(-0.5), unit, free, { share: true, drop: false })).toEqual([kept]);
	});
	it('on a tie has the longer first span, and rather one that follows than one dropped', () => {
		const costs: MeasuredCosts = {
			drop: [1, 1, 1],
			span: (source, last) => last - source
		};
		const same = { share: [1, 1, 1], drop: [1, 1, 1] };
		expect(paretoFront(costs, same, free, BOTH).map(({ sources }) => sources)).toEqual([
			[0, 1, 2],
			[0, 0, 2],
			[0, 0, 0],
			[null, null, null]
		]);
	});
	it('refuses limits of another model', () => {
		const costs: MeasuredCosts = { drop: [1, 1], span: () => 1 };
		expect(() => paretoFront(costs, unit, free, BOTH)).toThrow(
			'sliding windows: 3 layers; expected 2'
		);
	});
	it('of 80 layers with irrational savings has plans, ascending in saving and cost', () => {
		const random = seeded(5);
		const layers = 80;
		const list = (of: () => number) => Array.from({ length: layers }, of);
		const costs: MeasuredCosts = {
			drop: list(() => random() * 0.1),
			span: (source, last) => 0.02 * (last - source) ** 1.5 * (1 + Math.sin(source))
		};
		const saved = { share: list(() => 0.1 / 80), drop: list(() => (0.1 / 80) * Math.SQRT2) };
		const limits = {
			maxSpan: 6,
			protectedLayers: [0, 79],
			slidingWindows: new Array<null>(80).fill(null)
		};
		const front = paretoFront(costs, saved, limits, BOTH);
		expect(front.length).toBeGreaterThan(80);
		front.forEach(({ sources, saved, cost }, i) => {
			expect(() => checkSources(sources, layers)).not.toThrow();
			if (i === 0) return;
			expect(saved).toBeGreaterThan(front[i - 1].saved);
			expect(cost).toBeGreaterThan(front[i - 1].cost);
		});
	});
});

describe('leastCost', () => {
	it('is the least cost of all plans that save so much, to 1e-9', () => {
		for (const small of eighths) {
			const plans = pricedPlans(small, BOTH);
			const front = paretoFront(small.costs, small.saved, small.limits, BOTH);
			for (const fraction of [-5, 0, 0.5, 1, 2, 4, 20]) {
				const enough = plans.filter(({ saved }) => saved >= fraction).map(({ cost }) => cost);
				expect(leastCost(front, fraction)?.cost ?? null).toBe(
					enough.length > 0 ? Math.min(...enough) : null
				);
			}
		}
		const front = [{ sources: [0], saved: 0.3, cost: 1 }];
		expect(leastCost(front, 0.3 + 9e-10)).toBe(front[0]);
		expect(leastCost(front, 0.3 + 2e-9)).toBeNull();
	});
});
