import { layerAtSameDepth } from '$analysis/compare/depth.ts';
import type { DifferenceMap } from '$analysis/compare/types.ts';

/** One pair of layers in two runs. */
export interface LayerPair {
	layersA: [number, number];
	layersB: [number, number];
	a: number;
	b: number;
	difference: number;
	low: number | null;
	high: number | null;
}

interface Side {
	layers: number;
	/** [L, L] */
	matrix: readonly (readonly number[])[];
}

/** Every pair of different layers of the difference map; of a symmetric measure each pair once. */
export function layerPairs(map: DifferenceMap, a: Side, b: Side): LayerPair[] {
	const symmetric = isSymmetric(a) && isSymmetric(b);
	return map.difference.flatMap((line, row) =>
		line.flatMap((difference, column) => {
			if (row === column || (symmetric && row > column)) return [];
			const [layersA, layersB] = [a, b].map(({ layers }): [number, number] => [
				layerAtSameDepth(row, map.size, layers),
				layerAtSameDepth(column, map.size, layers)
			]);
			return {
				layersA,
				layersB,
				a: a.matrix[layersA[0]][layersA[1]],
				b: b.matrix[layersB[0]][layersB[1]],
				difference,
				low: map.low?.[row][column] ?? null,
				high: map.high?.[row][column] ?? null
			};
		})
	);
}

function isSymmetric({ matrix }: Side): boolean {
	return matrix.every((line, row) => line.every((value, column) => value === matrix[column][row]));
}
