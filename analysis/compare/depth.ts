import { matrixAtDepth } from '../similarity/curves.ts';
import type { DifferenceMap } from './types.ts';

/** More digits than the float32 attention behind the numbers has. */
const ROUNDING = 1e7;

/** The layer of a model of `toLayers` that lies nearest to the relative depth of `layer` in one of `fromLayers`. */
export function layerAtSameDepth(layer: number, fromLayers: number, toLayers: number): number {
	if (fromLayers === toLayers) return layer;
	const depth = fromLayers > 1 ? layer / (fromLayers - 1) : 0;
	return Math.round(depth * (toLayers - 1));
}

/**
 * a − b: cell by cell where both have as many layers, else on a grid of relative depths with as many
 * steps as the shallower model has layers. (On a finer grid one layer would fill several cells, and its
 * similarity of 1 to itself would stand against two different layers of the deeper model.)
 */
export function differenceMap(
	a: { matrix: Float64Array; layers: number },
	b: { matrix: Float64Array; layers: number }
): DifferenceMap {
	const size = Math.min(a.layers, b.layers);
	const atDepth = a.layers !== b.layers;
	const [first, second] = [a, b].map(({ matrix, layers }) =>
		atDepth ? matrixAtDepth(matrix, layers, size) : matrix
	);
	const difference = first.map((value, cell) => value - second[cell]);
	return { size, atDepth, difference: rowsOf(difference, size), low: null, high: null };
}

/** A row-major matrix as rows, rounded to 7 digits. */
export function rowsOf(matrix: Float64Array, columns: number): number[][] {
	const rows = columns > 0 ? matrix.length / columns : 0;
	return Array.from({ length: rows }, (_, row) =>
		Array.from(
			matrix.subarray(row * columns, (row + 1) * columns),
			(value) => Math.round(value * ROUNDING) / ROUNDING
		)
	);
}
