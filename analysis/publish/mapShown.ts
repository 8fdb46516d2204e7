import { fencedRange } from '../figure/range.ts';
import type { DamageTables } from './damageTables.ts';

/** A map of layers by layers as it is painted. */
export interface MapShown {
	/** [L, L] */
	values: Float64Array;
	/** [L, L]: 1 where there is nothing to show. */
	missing: Uint8Array | null;
	/** Range of the colours, from the values. */
	range: [number, number];
}

/** `output` of every pair, [source][follower]: what the follower's block puts out with the source's weights. */
export function outputMap({ layers, pairs }: DamageTables): MapShown {
	return masked(
		layers,
		pairs.map((pair) => pair?.output ?? null)
	);
}

/** Nats/token that the follower (column) adds when it reuses the source (row); on the diagonal when it is dropped. */
export function damageMap({
	layers,
	pairs,
	drops
}: Pick<DamageTables, 'layers' | 'drops'> & {
	pairs: readonly ({ loss: number | null } | null)[];
}): MapShown {
	return masked(
		layers,
		pairs.map((pair, cell) => {
			const [row, column] = [Math.floor(cell / layers), cell % layers];
			return row === column ? drops[row].loss : (pair?.loss ?? null);
		})
	);
}

/** The same of recall: nats/token added to the loss on a passage that comes again; nothing where it was not measured. */
export function recallMap({ layers, recall }: DamageTables): MapShown {
	if (recall !== null) return damageMap({ layers, ...recall });
	const cells = layers * layers;
	return {
		values: new Float64Array(cells).fill(NaN),
		missing: new Uint8Array(cells).fill(1),
		range: [0, 1]
	};
}

/** Values beyond the colours' range. */
export function beyondRange(
	{ values, missing }: MapShown,
	range: readonly [number, number]
): number {
	return values.filter(
		(value, cell) => missing?.[cell] !== 1 && (value < range[0] || value > range[1])
	).length;
}

function masked(layers: number, cells: readonly (number | null)[]): MapShown {
	const values = Float64Array.from(cells, (value) => value ?? NaN);
	const missing = Uint8Array.from(cells, (value) => Number(value === null));
	return { values, missing, range: layers === 0 ? [0, 1] : fencedRange(values, missing) };
}
