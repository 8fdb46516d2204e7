import { spearman } from '../statistics/rank.ts';

/** One measure and another of the same two layers. */
export interface LayerPair {
	source: number;
	follower: number;
	x: number;
	y: number;
}

/** Spearman's rho with its 95% interval; null where there are too few pairs, or no variation, to tell. */
export interface Agreement {
	rho: number | null;
	low: number | null;
	high: number | null;
	/** Number of pairs that were ranked; of followers where their means were. */
	count: number;
}

export interface RankAgreement {
	/** Every pair against every other. */
	all: Agreement;
	/** Only sources of one and the same follower are ranked against one another. */
	within: Agreement;
	/** Followers against one another, each by the means of its pairs. */
	across: Agreement;
}

interface Statistic {
	rho: number | null;
	count: number;
}

/** Standard errors on each side of a 95% interval. */
const NORMAL_95 = 1.96;

/**
 * Does x rank pairs of layers as y does? Spearman's rho
 * - over all pairs;
 * - within followers: rho among the sources of each follower that has three or more, and their mean weighted by
 *   sources − 1, which is the inverse of rho's variance where nothing agrees (J. M. G. Taylor, "Kendall's and
 *   Spearman's correlation coefficients in the presence of a blocking variable", Biometrics 43, 1987). Where neither
 *   measure varies among a follower's sources, that follower is left out;
 * - across followers: rho of the followers' mean x and mean y.
 * Intervals are rho ± 1.96 standard errors, cut at ±1, by jackknife over layers: one layer is left out at a time,
 * with all pairs that touch it, because pairs that share a layer are not independent. The variance
 * (n − 1)/n·Σ(rho₋ₗ − mean)² errs on the wide side (Lin, Lunde & Sarkar, "On the theoretical properties of the
 * network jackknife", 2020). Bounds are null where any of the n rho cannot be had.
 */
export function rankAgreement(pairs: readonly LayerPair[]): RankAgreement {
	return {
		all: jackknifed(pairs, overAll),
		within: jackknifed(pairs, withinFollowers),
		across: jackknifed(pairs, acrossFollowers)
	};
}

function jackknifed(
	pairs: readonly LayerPair[],
	statistic: (pairs: readonly LayerPair[]) => Statistic
): Agreement {
	const { rho, count } = statistic(pairs);
	const layers = [...new Set(pairs.flatMap(({ source, follower }) => [source, follower]))];
	const without = layers.map(
		(layer) =>
			statistic(pairs.filter(({ source, follower }) => source !== layer && follower !== layer)).rho
	);
	const known = without.filter((value) => value !== null);
	if (rho === null || known.length < layers.length) return { rho, low: null, high: null, count };
	const mean = known.reduce((sum, value) => sum + value, 0) / known.length;
	const squares = known.reduce((sum, value) => sum + (value - mean) ** 2, 0);
	const reach = NORMAL_95 * Math.sqrt(((known.length - 1) / known.length) * squares);
	return { rho, low: Math.max(-1, rho - reach), high: Math.min(1, rho + reach), count };
}

function overAll(pairs: readonly LayerPair[]): Statistic {
	return { rho: rhoOf(pairs), count: pairs.length };
}

function withinFollowers(pairs: readonly LayerPair[]): Statistic {
	let [weights, sum, count] = [0, 0, 0];
	for (const group of byFollower(pairs)) {
		const rho = rhoOf(group);
		if (rho === null) continue;
		weights += group.length - 1;
		sum += (group.length - 1) * rho;
		count += group.length;
	}
	return { rho: weights === 0 ? null : sum / weights, count };
}

function acrossFollowers(pairs: readonly LayerPair[]): Statistic {
	const means = byFollower(pairs).map((group) => ({
		x: group.reduce((sum, { x }) => sum + x, 0) / group.length,
		y: group.reduce((sum, { y }) => sum + y, 0) / group.length
	}));
	return { rho: rhoOf(means), count: means.length };
}

function rhoOf(points: readonly { x: number; y: number }[]): number | null {
	return spearman(
		points.map(({ x }) => x),
		points.map(({ y }) => y)
	);
}

function byFollower(pairs: readonly LayerPair[]): LayerPair[][] {
	const groups = new Map<number, LayerPair[]>();
	for (const pair of pairs) {
		const group = groups.get(pair.follower);
		if (group === undefined) groups.set(pair.follower, [pair]);
		else group.push(pair);
	}
	return [...groups.values()];
}
