import { InputError } from '../errors.ts';
import { RESAMPLES, type Draws } from '../statistics/resample.ts';
import type { ViewSums } from './types.ts';

/** Prepares `PairFill` for a run: the norms of every layer in every resample are worked out once. */
export function pairResampler(
	sums: ViewSums,
	metric: 'cosine' | 'cosine-mean',
	draws: Draws
): PairFill {
	const { layers } = sums;
	const windows = windowSums(sums);
	const part = metric === 'cosine' ? 0 : 1;
	const weigh = (l: number, m: number, out: Float64Array) => {
		out.fill(0);
		for (let w = 0; w < draws.windowCount; w++) {
			const value = windows[((w * 2 + part) * layers + Math.min(l, m)) * layers + Math.max(l, m)];
			const start = w * RESAMPLES;
			for (let r = 0; r < RESAMPLES; r++) out[r] += draws.counts[start + r] * value;
		}
	};
	/** [L][RESAMPLES]: 1/√norm, 0 where the norm is 0. */
	const inverse = Array.from({ length: layers }, (_, l) => {
		const norms = new Float64Array(RESAMPLES);
		weigh(l, l, norms);
		return norms.map((norm) => (norm > 0 ? 1 / Math.sqrt(norm) : 0));
	});
	return (l, m, out) => {
		weigh(l, m, out);
		const [a, b] = [inverse[l], inverse[m]];
		for (let r = 0; r < RESAMPLES; r++) out[r] = Math.min(1, out[r] * a[r] * b[r]);
	};
}

/**
 * Fills `out` [RESAMPLES] with the cosine of layers l and m in every resample, read from the per-window
 * sums. `metric` is one of the two whose per-window sums are kept.
 */
export type PairFill = (l: number, m: number, out: Float64Array) => void;

export function windowSums(sums: ViewSums): Float64Array {
	if (sums.windows === null)
		throw new InputError(`view ${sums.view}: per-window sums are not part of this run`);
	return sums.windows;
}
