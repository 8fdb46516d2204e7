/** Windows of the first round: with two, Student's t is so large that next to nothing is clear. */
const FIRST_ROUND = 3;
/** Each round sees about so many times the windows of the one before. */
const GROWTH = 1.6;

/** Returns the number of windows that each round of a race has seen when it ends: `first`, 3, 5, 8, 13, …, all. */
export function roundsOf(windows: number, first = FIRST_ROUND): number[] {
	const rounds = first < Math.min(FIRST_ROUND, windows) ? [first] : [];
	for (let count = FIRST_ROUND; count < windows; count = Math.round(count * GROWTH))
		rounds.push(count);
	return [...rounds, windows];
}

/**
 * 0, …, count − 1 in an order whose every beginning is spread evenly over all of them: by the radical inverse in base 2
 * (van der Corput 1935).
 */
export function spreadOrder(count: number): number[] {
	const order = new Set<number>();
	for (let index = 0; order.size < count; index++) order.add(Math.floor(inverse(index) * count));
	return [...order];
}

/** The binary digits of a whole number mirrored at the point: 1, 2, 3 → 0.5, 0.25, 0.75. */
function inverse(index: number): number {
	let [value, digit] = [0, 0.5];
	for (let left = index; left > 0; left >>= 1, digit /= 2) value += (left & 1) * digit;
	return value;
}

/** One-sided 95% quantiles of Student's t for 1, 2, … degrees of freedom. */
const T_95 = [6.314, 2.92, 2.353, 2.132, 2.015, 1.943, 1.895, 1.86, 1.833, 1.812];
/** Beyond them; it falls slowly to 1.645. */
const T_95_FROM_11 = 1.8;

/** Differences of two plans on the same windows, in a unit that counts `weight`. */
export interface Differences {
	values: readonly number[];
	weight: number;
}

/**
 * Tests if the sum of the weighted means of some differences is above 0 with 95% confidence (one-sided, Student's t
 * with the degrees of freedom of the shortest). Returns false for fewer than two values.
 */
export function isClearlyAbove(differences: readonly Differences[]): boolean {
	const counted = differences.filter(({ weight }) => weight !== 0);
	const fewest = Math.min(...counted.map(({ values }) => values.length));
	if (!(fewest >= 2 && Number.isFinite(fewest))) return false;
	let [sum, variance] = [0, 0];
	for (const { values, weight } of counted) {
		const mean = values.reduce((total, value) => total + value, 0) / values.length;
		const squares = values.reduce((total, value) => total + (value - mean) ** 2, 0);
		sum += weight * mean;
		variance += (weight ** 2 * squares) / (values.length - 1) / values.length;
	}
	const t = T_95.at(fewest - 2) ?? T_95_FROM_11;
	return sum > 0 && sum > t * Math.sqrt(variance);
}
