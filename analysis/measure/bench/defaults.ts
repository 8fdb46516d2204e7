import type { BenchSetting } from './benchTypes.ts';

/** Default settings of a bench, on the page and by the command. */
export const BENCH_DEFAULTS: Readonly<BenchSetting> & {
	readonly dtype: 'fp32';
	readonly samples: readonly string[];
} = {
	/** Bundled texts for what the plan costs: others than those that search reads. */
	samples: ['walden', 'through-the-looking-glass'],
	prompt: 512,
	generate: 64,
	batch: 1,
	/** From 6 on, ratios have an interval. */
	repeats: 7,
	/** Of what is written of a checkpoint; ONNX models keep their types. */
	dtype: 'fp32'
};
