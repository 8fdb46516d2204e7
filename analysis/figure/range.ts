import { quantile } from 'd3-array';

/** Lowest and highest number among values; null where there is none. `missing` values are passed over. */
export function extentOf(
	values: ArrayLike<number>,
	missing: Uint8Array | null = null
): [number, number] | null {
	let low = Infinity;
	let high = -Infinity;
	for (let index = 0; index < values.length; index++) {
		const value = values[index] ?? NaN;
		if (missing?.[index] === 1 || Number.isNaN(value)) continue;
		if (value < low) low = value;
		if (value > high) high = value;
	}
	return low <= high ? [low, high] : null;
}

/**
 * Range for a square similarity map [n, n]: its extent without the diagonal, which is 1 by
 * definition and would squeeze every other value; rounded outwards to hundredths.
 */
export function similarityRange(values: ArrayLike<number>, size: number): [number, number] {
	const diagonal = new Uint8Array(values.length);
	for (let layer = 0; layer < size; layer++) diagonal[layer * size + layer] = 1;
	return roundOut(extentOf(values, diagonal) ?? extentOf(values) ?? [0, 1]);
}

/** Differences of similarities below this are no wider drawn: what is rounding should look like nothing. */
export const LEAST_DIFFERENCE = 0.001;

/** Range centred at 0 that holds all values: for differences of similarities. */
export function differenceRange(values: ArrayLike<number>): [number, number] {
	const [low, high] = extentOf(values) ?? [-1, 1];
	const reach = Math.max(Math.abs(low), Math.abs(high), LEAST_DIFFERENCE);
	const rounded = roundOut([-reach, reach])[1];
	return [-rounded, rounded];
}

/**
 * Range that tells the bulk of the values apart: their extent, cut where it reaches further from the quartiles than
 * 1.5 times the distance between them (Tukey, Exploratory Data Analysis, 1977); rounded outwards. What lies beyond
 * takes the colour of the end.
 */
export function fencedRange(
	values: ArrayLike<number>,
	missing: Uint8Array | null = null
): [number, number] {
	const known = Array.from(values).filter(
		(value, index) => !Number.isNaN(value) && missing?.[index] !== 1
	);
	const [lower, upper] = [quantile(known, 0.25), quantile(known, 0.75)];
	if (lower === undefined || upper === undefined) return [0, 1];
	const reach = 1.5 * (upper - lower);
	const inside = known.filter((value) => value >= lower - reach && value <= upper + reach);
	return roundOut(extentOf(inside) ?? [lower, upper]);
}

/** One range that holds all of several: for panels under one locked scale. */
export function unionRange(ranges: readonly (readonly [number, number])[]): [number, number] {
	if (ranges.length === 0) return [0, 1];
	return [Math.min(...ranges.map((r) => r[0])), Math.max(...ranges.map((r) => r[1]))];
}

/** Says why a range with a new value at one end (0: lowest, 1: highest) is none, in one line; null: it is one. */
export function rangeProblem(
	range: readonly [number, number],
	end: 0 | 1,
	digits: number
): string | null {
	const [what, side] = end === 0 ? ['lowest', 'below'] : ['highest', 'above'];
	const [value, other] = [range[end], range[1 - end]];
	if (Number.isNaN(value)) return `The ${what} value of the scale must be a number.`;
	if (range[0] < range[1]) return null;
	const facing = end === 0 ? 'highest' : 'lowest';
	return `${value} was not taken: the ${what} value must be ${side} the ${facing}, ${other.toFixed(digits)}.`;
}

/** The smallest range of hundredths (of the power of ten at hand, where values are small) that holds both ends. */
export function roundOut([low, high]: readonly [number, number]): [number, number] {
	const width = high - low || Math.abs(high) || 1;
	const step = Math.min(0.01, 10 ** (Math.floor(Math.log10(width)) - 1));
	const down = Math.floor(low / step + 1e-9) * step;
	const up = Math.ceil(high / step - 1e-9) * step;
	return [Number(down.toFixed(12)), Number(up.toFixed(12))];
}
