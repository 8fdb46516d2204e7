/** Two-sided 95% quantiles of Student's t for 1, 2, … degrees of freedom. */
const T_975 = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228];
/** Beyond them; it falls slowly to 1.96. */
const T_975_FROM_11 = 2.2;

/** Geometric mean of paired ratios and its 95% interval, by Student's t of their logarithms; one pair has none. */
export interface Ratio {
	value: number;
	low: number | null;
	high: number | null;
}

/** Computes the mean ratio of `ours` to `theirs`, pair by pair: both were measured one right after the other. */
export function ratioOf(ours: readonly number[], theirs: readonly number[]): Ratio {
	const logs = ours.map((each, at) => Math.log(each / theirs[at]));
	const mean = logs.reduce((sum, log) => sum + log, 0) / logs.length;
	if (logs.length < 2) return { value: Math.exp(mean), low: null, high: null };
	const variance = logs.reduce((sum, log) => sum + (log - mean) ** 2, 0) / (logs.length - 1);
	const t = T_975.at(logs.length - 2) ?? T_975_FROM_11;
	const half = t * Math.sqrt(variance / logs.length);
	return { value: Math.exp(mean), low: Math.exp(mean - half), high: Math.exp(mean + half) };
}
