/** Most that an interval may miss the median, both sides together. */
const MISSED = 0.05;

/**
 * The 95% interval of a median from order statistics, which assumes nothing of how values are spread: as many are cut
 * off either end as the sign test allows (Conover, Practical Nonparametric Statistics, 3rd ed., section 3.2). null: of
 * fewer than 6 values not even the lowest and the highest hold the median in 95% of cases.
 */
export function medianInterval(values: readonly number[]): { low: number; high: number } | null {
	const count = values.length;
	// Of `count` fair coins: the probability of `cut` heads, and of as many or fewer.
	let exactly = 0.5 ** count;
	let atMost = exactly;
	let cut = 0;
	while (2 * atMost <= MISSED) {
		exactly *= (count - cut) / (cut + 1);
		cut++;
		atMost += exactly;
	}
	if (cut === 0) return null;
	const sorted = values.toSorted((a, b) => a - b);
	return { low: sorted[cut - 1], high: sorted[count - cut] };
}
