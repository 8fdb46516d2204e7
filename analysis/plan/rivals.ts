import { InputError } from '../errors.ts';
import { followersAllowed } from './limits.ts';
import { mostFollowers, planByFollowers } from './search.ts';
import { sourcesOf, type SpanLayers } from './spans.ts';
import type { Sources, SpanLimits } from './types.ts';

/*
 * Plans that need no measurement, to set beside those that do. All have exactly as many followers as asked;
 * null where the limits allow no plan with so many. They throw InputError for a number of followers that is
 * not whole or below 0, and as `checkLimits` does.
 */

/** Neighbouring layers with the same sliding window, none of them protected: a span lies in one stretch. */
interface Stretch {
	first: number;
	length: number;
	/** Followers it has at most. */
	most: number;
}

/**
 * Spans of lengths as equal as possible, spread evenly. A stretch (unprotected neighbours with the same sliding window)
 * of n layers with f followers is divided into n − f runs that begin at its layers round(g·n/(n − f)), g = 0,
 * 1, …, so that their lengths differ by one at most; the first layer of a run computes its attention, the
 * others follow it. Where there are several stretches, followers are given out one at a time to the stretch
 * that then has most layers a follower (D'Hondt), the first of equal ones, never more than fit.
 */
export function uniformPlan(followers: number, limits: SpanLimits, layers: number): Sources | null {
	if (!fits(followers, limits, layers)) return null;
	const given = stretchesOf(limits, layers).map((stretch) => ({ ...stretch, followers: 0 }));
	for (let i = 0; i < followers; i++) {
		const perFollower = ({ length, followers }: { length: number; followers: number }) =>
			length / (followers + 1);
		const open = given.filter((stretch) => stretch.followers < stretch.most);
		open.reduce((best, stretch) => (perFollower(stretch) > perFollower(best) ? stretch : best))
			.followers++;
	}
	const spans = given.flatMap(({ first, length, followers }) => {
		const runs = length - followers;
		const start = (run: number) => first + Math.round((run * length) / runs);
		return Array.from({ length: runs }, (_, run) => spanOf(start(run), start(run + 1)));
	});
	return sourcesOf(spans, layers);
}

/**
 * The last layers follow: from the last stretch (see `uniformPlan`) back to the first, and in each from its
 * end, spans as long as the limits allow, one before the other; only the first in a stretch may be shorter.
 */
export function trailingPlan(
	followers: number,
	limits: SpanLimits,
	layers: number
): Sources | null {
	if (!fits(followers, limits, layers)) return null;
	const spans: SpanLayers[] = [];
	let left = followers;
	for (const { first, length } of stretchesOf(limits, layers).reverse()) {
		let end = first + length;
		while (left > 0 && end - first > 1) {
			const source = Math.max(first, end - limits.maxSpan, end - 1 - left);
			spans.push(spanOf(source, end));
			left -= end - 1 - source;
			end = source;
		}
	}
	return sourcesOf(spans, layers);
}

/**
 * The plan whose followers are the least similar to their sources (greatest sum of 1 − similarity; ties as in
 * `planByFollowers`), after KVSharer (Yang et al., arXiv 2410.18517), which shares the K and V cache of unlike
 * layers. `matrix` is [L, L], row: source.
 */
export function leastSimilarPlan(
	matrix: Float64Array,
	layers: number,
	followers: number,
	limits: SpanLimits
): Sources | null {
	if (!fits(followers, limits, layers)) return null;
	return planByFollowers(
		matrix.map((similarity) => 1 - similarity),
		layers,
		followers,
		limits
	);
}

function fits(followers: number, limits: SpanLimits, layers: number): boolean {
	if (!Number.isInteger(followers) || followers < 0)
		throw new InputError(`followers: ${followers}; allowed: a whole number, 0 or more`);
	return followers <= mostFollowers(limits, layers);
}

function stretchesOf(limits: SpanLimits, layers: number): Stretch[] {
	const isProtected = new Set(limits.protectedLayers);
	// Were spans of any length allowed, the one of the first layer would be the whole stretch.
	const allowed = followersAllowed({ ...limits, maxSpan: layers }, layers);
	const stretches: Stretch[] = [];
	for (let first = 0; first < layers; first++) {
		if (isProtected.has(first)) continue;
		const length = allowed[first] + 1;
		stretches.push({ first, length, most: length - Math.ceil(length / limits.maxSpan) });
		first += length - 1;
	}
	return stretches;
}

/** The layers from `source` to before `end`. */
function spanOf(source: number, end: number): SpanLayers {
	const followers = Array.from({ length: end - source - 1 }, (_, i) => source + 1 + i);
	return { source, followers };
}
