import { InputError } from '../errors.ts';
import { followersAllowed } from './limits.ts';
import type { Sources, SpanLimits } from './types.ts';

/*
 * Both searches go over the layers from the last to the first and keep, for the layers from i on, the
 * best choice there is; layer i then begins a span of 0, 1, 2, … followers before the best of what is
 * left. That is exact, because what a span costs does not depend on the others.
 *
 * Ties. Sums of floating-point numbers depend on their order, so equal plans could differ in the last
 * bit. Costs are therefore counted in whole units of 2⁻⁴⁰: sums are exact, and plans whose cost differs
 * by less than about 1e-12 a follower tie. Among ties the lexicographically smallest `sources` is the
 * one whose first span is longest: with more followers, `sources` holds the lower source one place more.
 */
const UNITS = 2 ** 40;

/**
 * The plan with the most followers, each at or above `threshold` to its source. Ties: smallest sum of
 * 1 − similarity, then lexicographically smallest `sources`. `matrix` is [L, L], row: source.
 */
export function planByThreshold(
	matrix: Float64Array,
	layers: number,
	threshold: number,
	limits: SpanLimits
): Sources {
	if (!Number.isFinite(threshold))
		throw new InputError(`threshold: ${threshold}; allowed: a number`);
	const allowed = followersAllowed(limits, layers);
	/** Of the layers from i on: most followers, their cost, and how many of them layer i has. */
	const best = Array.from({ length: layers + 1 }, () => ({ followers: 0, cost: 0, own: 0 }));
	for (let i = layers - 1; i >= 0; i--) {
		let cost = 0;
		best[i] = { ...best[i + 1], own: 0 };
		for (let own = 1; own <= allowed[i]; own++) {
			const similarity = matrix[i * layers + i + own];
			if (!(similarity >= threshold)) break;
			cost += unitsOf(similarity);
			const rest = best[i + own + 1];
			const followers = rest.followers + own;
			const total = rest.cost + cost;
			if (
				followers > best[i].followers ||
				(followers === best[i].followers && total <= best[i].cost)
			)
				best[i] = { followers, cost: total, own };
		}
	}
	return followed(layers, (i) => best[i].own);
}

/**
 * The plan with exactly `followers` followers and the smallest sum of 1 − similarity to the source. Ties:
 * lexicographically smallest `sources`. `matrix` is [L, L], row: source. Throws InputError naming the
 * most that fit.
 */
export function planByFollowers(
	matrix: Float64Array,
	layers: number,
	followers: number,
	limits: SpanLimits
): Sources {
	const most = mostFollowers(limits, layers);
	if (!Number.isInteger(followers) || followers < 0 || followers > most)
		throw new InputError(
			`followers: ${followers}; at most ${most} fit (${layers} layers, spans of at most ${limits.maxSpan}, protected: ${limits.protectedLayers.join(', ') || 'none'})`
		);
	const allowed = followersAllowed(limits, layers);
	const width = followers + 1;
	/** [L + 1, followers + 1]: least cost of the layers from i on with c followers; how many layer i has. */
	const cost = new Float64Array((layers + 1) * width).fill(Infinity);
	const own = new Int32Array((layers + 1) * width);
	cost[layers * width] = 0;
	for (let i = layers - 1; i >= 0; i--)
		for (let c = 0; c <= followers; c++) {
			let spanCost = 0;
			for (let k = 0; k <= Math.min(allowed[i], c); k++) {
				if (k > 0) spanCost += unitsOf(matrix[i * layers + i + k]);
				const total = spanCost + cost[(i + k + 1) * width + c - k];
				if (total <= cost[i * width + c] && total < Infinity) {
					cost[i * width + c] = total;
					own[i * width + c] = k;
				}
			}
		}
	let left = followers;
	return followed(layers, (i) => {
		const count = own[i * width + left];
		left -= count;
		return count;
	});
}

/** The most followers any plan within the limits has. */
export function mostFollowers(limits: SpanLimits, layers: number): number {
	const allowed = followersAllowed(limits, layers);
	const most = new Array<number>(layers + 1).fill(0);
	for (let i = layers - 1; i >= 0; i--) {
		most[i] = most[i + 1];
		for (let k = 1; k <= allowed[i]; k++) most[i] = Math.max(most[i], k + most[i + k + 1]);
	}
	return most[0];
}

function unitsOf(similarity: number): number {
	return Math.round((1 - similarity) * UNITS);
}

/** `sources`, where `followersOf(i)` is asked from the first layer on for every layer that follows none. */
function followed(layers: number, followersOf: (layer: number) => number): Sources {
	const sources: Sources = [];
	while (sources.length < layers) {
		const source = sources.length;
		const count = followersOf(source) + 1;
		for (let i = 0; i < count; i++) sources.push(source);
	}
	return sources;
}
