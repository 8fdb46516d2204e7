import { defaultLimits } from './limits.ts';
import { mostFollowers, planByFollowers } from './search.ts';
import type { Sources, SpanLimits } from './types.ts';

/** The rule of the plan that everything about a run begins with: a quarter of its layers follow, or as many as can. */
export function startingRule(slidingWindows: readonly (number | null)[]): {
	followers: number;
	limits: SpanLimits;
} {
	const layers = slidingWindows.length;
	const limits = defaultLimits(slidingWindows);
	return { followers: Math.min(mostFollowers(limits, layers), Math.round(layers / 4)), limits };
}

/** That plan, of the most similar layers. `matrix` is [L, L], row: source. */
export function startingSources(
	matrix: Float64Array,
	slidingWindows: readonly (number | null)[]
): Sources {
	const { followers, limits } = startingRule(slidingWindows);
	return planByFollowers(matrix, slidingWindows.length, followers, limits);
}
