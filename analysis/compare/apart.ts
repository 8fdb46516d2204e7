import type { Interval } from '../statistics/resample.ts';

/**
 * Similarities of the same weights in two forms, a checkpoint and its float32 export, differ by less than this: sums
 * in another order.
 */
export const ROUNDING = 1e-4;

/** Returns true if the interval of a difference leaves out 0 and reaches beyond rounding. */
export function isApart({ low, high }: Pick<Interval, 'low' | 'high'>): boolean {
	return (low > 0 || high < 0) && Math.max(Math.abs(low), Math.abs(high)) > ROUNDING;
}
