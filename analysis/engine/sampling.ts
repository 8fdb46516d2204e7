/** The queries of a window that the profile looks at: entropy and first-token mass. */
export const PROFILE_QUERIES = 32;

/**
 * Rows are taken in parts of this many floats (8 MB): a part and its five intermediate copies stay near the
 * cache, and smaller parts would cost more in calls than in arithmetic.
 */
export const DIVERGENCE_PART_FLOATS = 2_000_000;

/**
 * Returns the queries of a window to sample: `count` evenly spread ones, the middles of `count` equal stretches, or
 * all where there are no more than that. Ascending, without repeats.
 */
export function sampledQueries(context: number, count: number | 'all'): number[] {
	if (count === 'all' || count >= context)
		return Array.from({ length: context }, (_, query) => query);
	return Array.from({ length: count }, (_, index) => Math.floor(((index + 0.5) * context) / count));
}
