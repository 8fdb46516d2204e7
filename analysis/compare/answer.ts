import { formatValue } from '../text/number.ts';
import { isApart, ROUNDING } from './apart.ts';
import { layerAtSameDepth } from './depth.ts';
import type { ComparedPair, Comparison } from './types.ts';

/** The cell of a difference map with the largest difference. */
interface Largest {
	pair: ComparedPair;
	row: number;
	column: number;
	difference: number;
	/** 95% interval; null: single cells have none. */
	interval: { low: number; high: number } | null;
}

/**
 * Sums up a comparison in one sentence: the pair of layers that differs most, with its figures and its interval, of
 * those whose interval leaves out 0. Returns null where no two runs can be paired, or all of them are alike.
 */
export function answerWords({ runs, pairs }: Pick<Comparison, 'runs' | 'pairs'>): string | null {
	const paired = pairs.filter(({ paired, map }) => paired !== null && !isAlike(map.difference));
	if (paired.length === 0) return null;
	const cells = paired.flatMap(cellsOf);
	const settled = cells.filter(({ interval }) => interval !== null && isApart(interval));
	const open = cells.filter(({ interval }) => interval === null);
	const largest = most(settled) ?? most(open);
	if (largest === null)
		return 'No two layers attend clearly more alike in one of these models than in another on this text: every 95% CI of a difference contains 0.';
	const { pair, difference, interval } = largest;
	const [a, b] = [pair.first, pair.second].map((at) => {
		const { name, layers, matrix } = runs[at];
		const [from, to] = [largest.row, largest.column].map((step) =>
			layerAtSameDepth(step, pair.map.size, layers)
		);
		return { name, layers: `layers ${from} and ${to}`, value: formatValue(matrix[from][to]) };
	});
	const [more, less] = difference > 0 ? [a, b] : [b, a];
	const by = formatValue(Math.abs(difference));
	if (interval === null)
		return `The largest difference: ${more.layers} of ${more.name} attend more alike (${more.value}) than ${less.layers} of ${less.name} (${less.value}), by ${by}; models of unlike depth have no interval for single layers.`;
	const ends = [Math.abs(interval.low), Math.abs(interval.high)].sort((x, y) => x - y);
	return `The largest difference: ${more.layers} attend more alike in ${more.name} (${more.value}) than in ${less.name} (${less.value}), by ${by} (pointwise 95% CI ${ends.map((end) => formatValue(end)).join(' to ')}).`;
}

function isAlike(difference: number[][]): boolean {
	return difference.every((line) => line.every((value) => Math.abs(value) <= ROUNDING));
}

function cellsOf(pair: ComparedPair): Largest[] {
	const { difference, low, high } = pair.map;
	return difference.flatMap((line, row) =>
		line.flatMap((value, column) =>
			row === column
				? []
				: {
						...{ pair, row, column, difference: value },
						interval:
							low === null || high === null
								? null
								: { low: low[row][column], high: high[row][column] }
					}
		)
	);
}

function most(cells: readonly Largest[]): Largest | null {
	return cells.reduce<Largest | null>(
		(best, cell) =>
			best === null || Math.abs(cell.difference) > Math.abs(best.difference) ? cell : best,
		null
	);
}
