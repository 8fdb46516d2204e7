/**
 * Spearman's rank correlation: Pearson's correlation of the ranks, tied values sharing their mean rank
 * (Spearman 1904; Kendall & Gibbons, Rank Correlation Methods, 5th ed., ch. 3). −1 to 1. null with fewer than three
 * pairs, or where either side is the same throughout.
 */
export function spearman(x: ArrayLike<number>, y: ArrayLike<number>): number | null {
	if (x.length !== y.length) {
		throw new RangeError(`spearman: ${x.length} and ${y.length} values; expected as many of each`);
	}
	return x.length < 3 ? null : correlation(midRanks(x), midRanks(y));
}

/** Ranks from 1; tied values share the mean of theirs. */
export function midRanks(values: ArrayLike<number>): Float64Array {
	const order = Array.from({ length: values.length }, (_, index) => index).sort(
		(a, b) => values[a] - values[b]
	);
	const ranks = new Float64Array(values.length);
	for (let from = 0; from < order.length;) {
		let to = from + 1;
		while (to < order.length && values[order[to]] === values[order[from]]) to++;
		for (const index of order.slice(from, to)) ranks[index] = (from + 1 + to) / 2;
		from = to;
	}
	return ranks;
}

/** Pearson's correlation; null where either side is the same throughout. */
function correlation(x: Float64Array, y: Float64Array): number | null {
	const mean = (values: Float64Array) => values.reduce((sum, v) => sum + v, 0) / values.length;
	const [meanX, meanY] = [mean(x), mean(y)];
	let [xx, yy, xy] = [0, 0, 0];
	for (let index = 0; index < x.length; index++) {
		const [dx, dy] = [x[index] - meanX, y[index] - meanY];
		xx += dx * dx;
		yy += dy * dy;
		xy += dx * dy;
	}
	if (xx === 0 || yy === 0) return null;
	return Math.max(-1, Math.min(1, xy / Math.sqrt(xx * yy)));
}
