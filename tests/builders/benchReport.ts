import type { BenchReport, RatioSpread } from '../../analysis/measure/bench/benchTypes.ts';
import type { Spread } from '../../analysis/statistics/figures.ts';

const spread = (q25: number, median: number, q75: number): Spread => ({ median, q25, q75 });

/** Its ratio over so many rounds that the interval of the median is that of the quartiles. */
export const sure = (q25: number, median: number, q75: number): RatioSpread => ({
	...spread(q25, median, q75),
	low: q25,
	high: q75
});

/** Makes up the bench report of a plan as a deployed model; `ratio` is planned ÷ baseline. */
export function madeUpBench(ratio: Partial<BenchReport['ratio']> = {}): BenchReport {
	const { firstTokenSeconds, tokensPerSecond } = ratio;
	/** As the ratio has it; otherwise two medians that both rows of the table show well. */
	const planned = (median: number, of: RatioSpread | undefined, otherwise: Spread): Spread =>
		of === undefined ? otherwise : spread(median * of.q25, median * of.median, median * of.q75);
	return {
		model: 'tiny',
		modelHash: '00112233445566778899aabbccddeeff',
		dtype: 'fp32',
		followers: 1,
		leftOut: 0,
		setting: { prompt: 512, generate: 64, batch: 1, repeats: 7 },
		baseline: {
			cacheBytesPerToken: 24576,
			firstTokenSeconds: spread(0.0746, 0.08038, 0.0845),
			tokensPerSecond: spread(143.7, 151.9, 162.5),
			peakRssBytes: 276_328_448
		},
		planned: {
			cacheBytesPerToken: 24576 * (ratio.cacheBytesPerToken ?? 0.875),
			firstTokenSeconds: planned(0.08038, firstTokenSeconds, spread(0.0674, 0.06802, 1.25)),
			tokensPerSecond: planned(151.9, tokensPerSecond, spread(189.1, 1520.7, 2083.6)),
			peakRssBytes: ratio.peakRss === undefined ? 283_496_448 : 276_328_448 * ratio.peakRss
		},
		ratio: {
			firstTokenSeconds: sure(0.866, 0.887, 0.918),
			tokensPerSecond: sure(1.245, 1.287, 1.318),
			peakRss: 1.0259,
			cacheBytesPerToken: 0.875,
			...ratio
		},
		predicted: { prefillFlops: 0.052, decodeBytes: 0.063, kvCache: 0.125, parameters: 0.037 },
		cost: {
			text: {
				...{ baseline: 3.923, planned: 3.959, windows: 8, over: 'blocks' },
				delta: { loss: 0.036, low: 0.01, high: 0.061 }
			},
			recall: {
				...{ baseline: 0.246, planned: 0.256, windows: 8 },
				delta: { loss: 0.01, low: -0.002, high: 0.022 }
			},
			texts: [{ name: 'walden.txt', sha256: 'ab', characters: 4096 }],
			context: 512
		},
		machine: { processor: 'AMD EPYC', threads: 2 }
	};
}
