import type { BenchReport, BenchSetting, RatioSpread } from '$analysis/deploy/benchTypes.ts';
import { BENCH_FIGURES, type BenchFigure } from './figures.ts';

/** Changes of less than this share are none: of what is measured, because they would not come again. */
const LEAST_CHANGE = { measured: 0.005, counted: 0.0005 } as const;

/**
 * The net in a sentence: "First token 11 % sooner, decoding 29 % faster, peak memory 2.6 % larger, cache 12.5 %
 * smaller." Times whose interval holds 1 are told as about the same, and those of too few rounds for one by their ratio
 * alone.
 */
export function netWords({ ratio }: BenchReport): string {
	const words = BENCH_FIGURES.map((figure) => told(figure, figure.ratio(ratio))).join(', ');
	return `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;
}

function told(figure: BenchFigure, ratio: RatioSpread | number): string {
	const { words, basis } = figure;
	if (!hasInterval(ratio)) return `${words.subject} ×${middleOf(ratio).toPrecision(2)}`;
	const side = sideOf(figure, ratio);
	if (side === null) return `${words.subject} ${words.same}`;
	const percent = Math.abs(middleOf(ratio) - 1) * 100;
	const shown = basis === 'counted' ? percent.toFixed(1) : percent.toPrecision(2);
	return `${words.subject} ${Number(shown)} % ${words[side]}`;
}

/** The ratio, or the median of those of the rounds. */
export function middleOf(ratio: RatioSpread | number): number {
	return typeof ratio === 'number' ? ratio : ratio.median;
}

/** On which side of 1 a ratio lies, with it the whole 95 % interval of its median; null: on neither for certain. */
export function sideOf(
	{ basis }: BenchFigure,
	ratio: RatioSpread | number
): 'less' | 'more' | null {
	if (Math.abs(middleOf(ratio) - 1) < LEAST_CHANGE[basis]) return null;
	const { low, high } = typeof ratio === 'number' ? { low: ratio, high: ratio } : ratio;
	return low != null && low > 1 ? 'more' : high != null && high < 1 ? 'less' : null;
}

/** Whether a ratio is a single number, or of rounds enough to be told from chance. */
export function hasInterval(ratio: RatioSpread | number): boolean {
	return typeof ratio === 'number' || ratio.low != null;
}

export type NetKind = 'faster' | 'slower' | 'mixed' | 'no clear difference' | 'few rounds';

/** What the times of prefill and decode say together; a few rounds say nothing for certain. */
export function netKind({ ratio }: BenchReport): NetKind {
	if (!hasInterval(ratio.firstTokenSeconds)) return 'few rounds';
	const sides = BENCH_FIGURES.flatMap((figure) => {
		const side = figure.part === 'memory' ? null : sideOf(figure, figure.ratio(ratio));
		return side === null ? [] : ([side === figure.better ? 'faster' : 'slower'] as const);
	});
	if (sides.length === 0) return 'no clear difference';
	return sides.every((side) => side === sides[0]) ? sides[0] : 'mixed';
}

/** "prompt 512, 64 generated, batch 1, 5 rounds" */
export function settingWords({ prompt, generate, batch, repeats }: BenchSetting): string {
	const rounds = `${repeats} ${repeats === 1 ? 'round' : 'rounds'}`;
	return `prompt ${prompt}, ${generate} generated, batch ${batch}, ${rounds}`;
}

/** "Measured on AMD EPYC, 2 threads: prompt 512, 64 generated, batch 1, 5 rounds of each model in turn; float32." */
export function measuredWords({ machine, setting, dtype }: BenchReport): string {
	const { processor, threads } = machine;
	const on = `${processor}, ${threads} ${threads === 1 ? 'thread' : 'threads'}`;
	return `Measured on ${on}: ${settingWords(setting)}, both models in turn, ${dtype}`;
}
