import { similarityMatrix } from './measure.ts';
import { drawWindows, intervalOf, RESAMPLES, type ResampledOver } from '../statistics/resample.ts';
import { pairResampler } from './resample.ts';
import type { Metric, ViewSums } from './types.ts';

/** 95% intervals of every cell, [L, L] each. */
export interface CellIntervals {
	low: Float64Array;
	high: Float64Array;
	over: ResampledOver;
}

/**
 * Bootstrap intervals of the similarity matrix, by resampling windows. null for the metrics without
 * per-window sums, with fewer than two windows, or where they were not collected. `documents` holds the
 * document of each window. The diagonal is exactly 1.
 */
export function cellIntervals(
	sums: ViewSums,
	metric: Metric,
	documents: readonly number[]
): CellIntervals | null {
	if (metric !== 'cosine' && metric !== 'cosine-mean') return null;
	const draws = drawWindows(documents);
	if (draws === null || sums.windows === null) return null;
	const { layers } = sums;
	const matrix = similarityMatrix(sums, metric);
	const fill = pairResampler(sums, metric, draws);
	const [low, high] = [Float64Array.from(matrix), Float64Array.from(matrix)];
	const samples = new Float64Array(RESAMPLES);
	for (let l = 0; l < layers; l++)
		for (let m = l + 1; m < layers; m++) {
			const cell = l * layers + m;
			fill(l, m, samples);
			const interval = intervalOf(matrix[cell], samples);
			low[cell] = low[m * layers + l] = interval.low;
			high[cell] = high[m * layers + l] = interval.high;
		}
	return { low, high, over: draws.over };
}
