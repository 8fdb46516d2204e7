import { intervalOf, RESAMPLES, type Draws } from './resample.ts';

export function mean(values: ArrayLike<number>): number {
	return Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;
}

/** Quantile by linear interpolation between order statistics (type 7 of Hyndman & Fan 1996). */
export function quantile(values: readonly number[], fraction: number): number {
	const sorted = Float64Array.from(values).sort();
	const at = fraction * (sorted.length - 1);
	const below = Math.floor(at);
	const above = Math.ceil(at);
	return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
}

export function spreadOf(values: readonly number[]): Spread {
	const [q25, median, q75] = [0.25, 0.5, 0.75].map((fraction) => quantile(values, fraction));
	return { median, q25, q75 };
}

/**
 * The mean of `values`, one per window, with its 95% bootstrap interval over `draws`; null bounds where there
 * are no draws. All windows are equally long, so that means over windows are means over tokens. Two models on
 * the same windows are compared by their differences a window: the windows' own difficulty then cancels out.
 */
export function meanInterval(
	values: readonly number[],
	draws: Draws | null
): { value: number; low: number | null; high: number | null } {
	const value = mean(values);
	if (draws === null) return { value, low: null, high: null };
	const sums = new Float64Array(RESAMPLES);
	const drawn = new Float64Array(RESAMPLES);
	for (const [window, each] of values.entries()) {
		for (let r = 0; r < RESAMPLES; r++) {
			const count = draws.counts[window * RESAMPLES + r];
			sums[r] += count * each;
			drawn[r] += count;
		}
	}
	return intervalOf(
		value,
		sums.map((sum, r) => sum / drawn[r])
	);
}

/** A figure over windows: its median, and the quartiles as its spread. */
export interface Spread {
	median: number;
	q25: number;
	q75: number;
}
