import type { RepairSums } from '../repairSums.ts';
import { solvePositiveDefinite } from './solve.ts';

/**
 * W_O + RᵀZ·(ZᵀZ + λI)⁻¹ [hidden, width]: of all output projections the one that comes closest to the target,
 * each squared deviation of an entry from W_O [hidden, width] costing λ, which is `strength` times the mean of
 * the diagonal of ZᵀZ. A ridge regression of what W_O leaves missing, so that the stronger it is, the less
 * changes (Hoerl & Kennard 1970, shrinking towards W_O in place of zero). `strength` must be above 0.
 */
export function refittedProjection(
	o: Float32Array,
	{ gram, missing }: RepairSums,
	strength: number
): Float32Array {
	if (!(strength > 0)) throw new RangeError(`strength: found ${strength}; allowed: above 0`);
	const width = Math.sqrt(gram.length);
	const diagonal = Array.from({ length: width }, (_, at) => gram[at * (width + 1)]);
	const penalty = (strength * diagonal.reduce((sum, value) => sum + value, 0)) / width;
	// Heads that put out nothing at all leave nothing to fit.
	if (penalty === 0) return o.slice();
	const system = gram.slice();
	for (let at = 0; at < system.length; at += width + 1) system[at] += penalty;
	const change = missing.slice();
	solvePositiveDefinite(system, width, change);
	return o.map((value, at) => value + change[at]);
}
