import type { RatioSpread } from './benchTypes.ts';

/** Changes below this fraction count as none: of what is measured, because they would not come again. */
const LEAST_CHANGE = { measured: 0.005, counted: 0.0005 } as const;

/** A ratio planned ÷ baseline, with the medians of both models that it stands beside. */
export interface MeasuredRatio {
	ratio: RatioSpread | number;
	basis: keyof typeof LEAST_CHANGE;
	/** Median of each model's own rounds, or its single number. */
	baseline: number;
	planned: number;
}

/**
 * On which side of 1 a ratio lies; 'none': on neither for certain; 'too few rounds': it has no interval. A side is
 * certain where the whole 95% interval of the median lies on it, and where the medians of both models say the same.
 */
export function changeOf(measured: MeasuredRatio): 'less' | 'more' | 'none' | 'too few rounds' {
	const { ratio, basis } = measured;
	if (!hasInterval(ratio)) return 'too few rounds';
	if (Math.abs(middleOf(ratio) - 1) < LEAST_CHANGE[basis] || contradicts(measured)) return 'none';
	const { low, high } = typeof ratio === 'number' ? { low: ratio, high: ratio } : ratio;
	if (low != null && low > 1) return 'more';
	return high != null && high < 1 ? 'less' : 'none';
}

/**
 * Returns true if the median ratio of the rounds and the ratio of both medians point opposite ways, as they may where
 * rounds differ more than models do.
 */
export function contradicts({ ratio, baseline, planned }: Omit<MeasuredRatio, 'basis'>): boolean {
	return (middleOf(ratio) - 1) * (planned - baseline) < 0;
}

/** The ratio, or the median of those of the rounds. */
export function middleOf(ratio: { median: number } | number): number {
	return typeof ratio === 'number' ? ratio : ratio.median;
}

/** Returns true if a ratio is a single number, or of rounds enough to be told from chance. */
export function hasInterval(ratio: RatioSpread | number): boolean {
	return typeof ratio === 'number' || ratio.low != null;
}
