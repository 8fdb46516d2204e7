import type { BenchPrediction, BenchReport, RatioSpread, SideReport } from './benchTypes.ts';
import type { Spread } from '../../statistics/figures.ts';
import { formatBytes } from '../../text/number.ts';

/** A figure that both models have, and how it is described. */
export interface BenchFigure {
	name: string;
	/** Name in a CSV file, with its unit. */
	csv: string;
	/** Part of serving a model that the figure belongs to. */
	part: 'prefill' | 'decode' | 'memory';
	basis: 'measured' | 'counted';
	about: string;
	/** Of one model: a spread over the rounds, or a single number. */
	of: (side: SideReport) => Spread | number;
	/** Planned ÷ baseline. */
	ratio: (ratio: BenchReport['ratio']) => RatioSpread | number;
	format: (value: number) => string;
	predicted: { of: string; csv: string; fraction: (predicted: BenchPrediction) => number };
	/** On which side of 1 the ratio is better. */
	better: 'less' | 'more';
	words: { subject: string; less: string; more: string; same: string };
}

/** Figures of a bench, prefill and decode apart. */
export const BENCH_FIGURES: readonly BenchFigure[] = [
	{
		name: 'time to first token',
		csv: 'first token seconds',
		part: 'prefill',
		basis: 'measured',
		about:
			'From the prompt to its next token: median and quartiles over the rounds. The prediction counts FLOPs; no time follows from them',
		of: ({ firstTokenSeconds }) => firstTokenSeconds,
		ratio: ({ firstTokenSeconds }) => firstTokenSeconds,
		format: (seconds) =>
			seconds < 1 ? `${threeDigits(seconds * 1000)} ms` : `${threeDigits(seconds)} s`,
		predicted: {
			of: 'FLOPs',
			csv: 'prefill FLOPs',
			fraction: ({ prefillFlops }) => prefillFlops
		},
		better: 'less',
		words: { subject: 'first token', less: 'sooner', more: 'later', same: 'no clear difference' }
	},
	{
		name: 'decode, tokens/s',
		csv: 'tokens per second',
		part: 'decode',
		basis: 'measured',
		about:
			'After the first token, of all sequences together: median and quartiles over the rounds. The prediction counts the bytes that the last step reads',
		of: ({ tokensPerSecond }) => tokensPerSecond,
		ratio: ({ tokensPerSecond }) => tokensPerSecond,
		format: threeDigits,
		predicted: {
			of: 'bytes read',
			csv: 'decode bytes',
			fraction: ({ decodeBytes }) => decodeBytes
		},
		better: 'more',
		words: { subject: 'decoding', less: 'slower', more: 'faster', same: 'no clear difference' }
	},
	{
		name: 'peak memory',
		csv: 'peak memory bytes',
		part: 'memory',
		basis: 'measured',
		about:
			'Highest resident set of the process that runs the model, loading it and the runtime itself included. The prediction counts parameters',
		of: ({ peakRssBytes }) => peakRssBytes,
		ratio: ({ peakRss }) => peakRss,
		format: formatBytes,
		predicted: { of: 'parameters', csv: 'parameters', fraction: ({ parameters }) => parameters },
		better: 'less',
		words: { subject: 'peak memory', less: 'smaller', more: 'larger', same: 'the same' }
	},
	{
		name: 'cache per token',
		csv: 'cache bytes per token',
		part: 'memory',
		basis: 'counted',
		about: 'Bytes of keys and values per token and sequence, counted from the graph’s inputs',
		of: ({ cacheBytesPerToken }) => cacheBytesPerToken,
		ratio: ({ cacheBytesPerToken }) => cacheBytesPerToken,
		format: formatBytes,
		predicted: { of: 'bytes', csv: 'KV cache', fraction: ({ kvCache }) => kvCache },
		better: 'less',
		words: { subject: 'cache', less: 'smaller', more: 'larger', same: 'the same' }
	}
];

/** 80.3829 → "80.4", 68.02 → "68.0", 1520.7 → "1520": what a median of a few rounds is good for. */
function threeDigits(value: number): string {
	const text = value.toPrecision(3);
	return text.includes('e') ? `${Number(text)}` : text;
}
