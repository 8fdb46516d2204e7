import type { SavedPerLayer } from './axes.ts';
import { followersAllowed } from './limits.ts';
import type { Sources, SpanLimits } from './types.ts';

/** Loss increase in nats/token, each case measured by itself; null: not measured, so no plan has it. */
export interface MeasuredCosts {
	/** [L]: the layer dropped. */
	drop: readonly (number | null)[];
	/** The layers source + 1, …, last all reuse the source's attention weights. */
	span(source: number, last: number): number | null;
}

export interface FrontPlan {
	sources: Sources;
	/** Fraction of what the axis counts; predicted. */
	saved: number;
	/** Sum of its measured parts (nats/token). */
	cost: number;
}

/*
 * Both sums are kept in whole units of 2⁻⁴⁰, as in search.ts: they are exact, whatever their order, and plans
 * that differ by less than about 1e-12 a layer tie.
 */
const UNITS = 2 ** 40;
/** Tolerance by which a plan may fall short of a wanted fraction: fractions are sums of rounded numbers. */
const SAVED_SLACK = 1e-9;

/** A plan of the layers from some layer on: what the first does, then the plan of what is left. */
interface Tail {
	/** Whole units of 2⁻⁴⁰. */
	saved: number;
	cost: number;
	/** Followers of the first layer; null: it is dropped. */
	followers: number | null;
	rest: Tail | null;
}

/**
 * All plans that no other beats, where a plan beats another if it saves at least as much for at most as much
 * loss and is better in one of them; by what they save, which is by what they cost, lowest first. Exact for
 * costs that add up. Of plans with the same saving and cost the one whose `sources` is lexicographically
 * smallest, null after every number, is there. A layer is kept, is dropped or begins a span, as `allowed`,
 * `limits` and the costs measured permit; a protected layer is kept. The plan that changes nothing is there
 * unless one beats it, which needs a cost of 0 or less.
 *
 * Dynamic programming over the layers from the last to the first, with all unbeaten plans of the layers from
 * i on (label setting; after Martins 1984). They are at most as many as there are different savings: L²/2
 * where all layers save alike, for then only how many follow and how many are dropped counts; where sliding
 * windows differ at most the product of that over the windows, and of those few are unbeaten: 80 layers
 * with spans of 6 have some hundred plans. Savings that differ from layer to layer have no such bound.
 * Throws InputError as `checkLimits` does.
 */
export function paretoFront(
	costs: MeasuredCosts,
	saved: SavedPerLayer,
	limits: SpanLimits,
	allowed: { share: boolean; drop: boolean }
): FrontPlan[] {
	const layers = costs.drop.length;
	const followersOf = followersAllowed(limits, layers);
	const isProtected = new Set(limits.protectedLayers);
	const fronts: Tail[][] = [];
	fronts[layers] = [{ saved: 0, cost: 0, followers: 0, rest: null }];
	for (let i = layers - 1; i >= 0; i--) {
		// In lexicographic order of `sources`: the longest span first, the dropped layer last.
		const choices: Tail[][] = [];
		const most = allowed.share ? followersOf[i] : 0;
		const spanSaved = [0];
		for (let k = 1; k <= most; k++) spanSaved.push(spanSaved[k - 1] + unitsOf(saved.share[i + k]));
		for (let k = most; k > 0; k--) {
			const cost = costs.span(i, i + k);
			if (cost !== null) choices.push(before(fronts[i + k + 1], k, spanSaved[k], unitsOf(cost)));
		}
		choices.push(before(fronts[i + 1], 0, 0, 0));
		const dropCost = costs.drop[i];
		if (allowed.drop && !isProtected.has(i) && dropCost !== null)
			choices.push(before(fronts[i + 1], null, unitsOf(saved.drop[i]), unitsOf(dropCost)));
		fronts[i] = choices.reduce(unbeaten);
	}
	return fronts[0]
		.map((tail) => ({
			sources: sourcesOf(tail, layers),
			saved: tail.saved / UNITS,
			cost: tail.cost / UNITS
		}))
		.reverse();
}

/** Of a front, the plan that costs least among those that save at least `fraction`; null: none saves so much. */
export function leastCost(front: readonly FrontPlan[], fraction: number): FrontPlan | null {
	return front.find((plan) => plan.saved >= fraction - SAVED_SLACK) ?? null;
}

/** The plans `rest` with one more decision before each. */
function before(rest: Tail[], followers: number | null, saved: number, cost: number): Tail[] {
	return rest.map((tail) => ({
		saved: tail.saved + saved,
		cost: tail.cost + cost,
		followers,
		rest: tail
	}));
}

/** Two fronts, each by saving and highest first, merged into one; of equal plans the one of `first` stays. */
function unbeaten(first: Tail[], second: Tail[]): Tail[] {
	const front: Tail[] = [];
	let least = Infinity;
	for (let i = 0, j = 0; i < first.length || j < second.length;) {
		const [a, b] = [first.at(i), second.at(j)];
		const next = b === undefined || (a !== undefined && !isAhead(b, a)) ? first[i++] : second[j++];
		if (next.cost >= least) continue;
		front.push(next);
		least = next.cost;
	}
	return front;
}

/** Returns true if a plan saves more than another, or as much at a lower cost. */
function isAhead(plan: Tail, other: Tail): boolean {
	return plan.saved > other.saved || (plan.saved === other.saved && plan.cost < other.cost);
}

function sourcesOf(first: Tail, layers: number): Sources {
	const sources: Sources = [];
	for (let tail: Tail | null = first; tail !== null && sources.length < layers; tail = tail.rest) {
		const source = sources.length;
		if (tail.followers === null) sources.push(null);
		else for (let i = 0; i <= tail.followers; i++) sources.push(source);
	}
	return sources;
}

function unitsOf(value: number): number {
	return Math.round(value * UNITS);
}
