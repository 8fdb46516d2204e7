import { changeOf, hasInterval, middleOf, type MeasuredRatio } from './change.ts';
import { intervalLabel, lossText } from '../../text/interval.ts';
import type { BenchReport, BenchSetting, PlanCost } from './benchTypes.ts';
import { BENCH_FIGURES, type BenchFigure } from './figures.ts';

/**
 * The net in a sentence: "First token 11% sooner, decoding 29% faster, peak memory 2.6% larger, cache 12.5% smaller."
 * Says "no clear difference" where the 95% interval of a ratio contains 1, and nothing of times from too few rounds.
 */
export function netWords(report: BenchReport): string {
	const words = BENCH_FIGURES.map((figure) => changeWords(figure, report)).join(', ');
	return `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;
}

function changeWords(figure: BenchFigure, report: BenchReport): string {
	const { words, basis } = figure;
	const measured = measuredRatio(figure, report);
	const change = changeOf(measured);
	if (change === 'none') return `${words.subject}: ${words.same}`;
	if (change === 'too few rounds') return `${words.subject}: too few rounds to tell`;
	const percent = Math.abs(middleOf(measured.ratio) - 1) * 100;
	const shown = basis === 'counted' ? percent.toFixed(1) : percent.toPrecision(2);
	return `${words.subject} ${Number(shown)}% ${words[change]}`;
}

/** The ratio of a figure, beside the medians of both models. */
export function measuredRatio(figure: BenchFigure, report: BenchReport): MeasuredRatio {
	return {
		ratio: figure.ratio(report.ratio),
		basis: figure.basis,
		baseline: middleOf(figure.of(report.baseline)),
		planned: middleOf(figure.of(report.planned))
	};
}

/**
 * Formats the cost of a plan as a sentence: "It costs +0.036 [+0.010, +0.061] nats/token on text and
 * +0.010 [−0.002, +0.022] on recall, the loss on a passage that comes again."
 */
export function costWords({ cost = null }: Pick<BenchReport, 'cost'>): string {
	if (cost === null)
		return 'What it costs was not measured: spanwise evaluate measures loss and recall.';
	const text = `It costs ${lossText(cost.text.delta)} nats/token on text`;
	if (cost.recall === undefined) return `${text}; recall was not measured.`;
	return `${text} and ${lossText(cost.recall.delta)} on recall, the loss on a passage that comes again.`;
}

/** "Loss and recall on 8 × 512 tokens and 8 probes of walden; intervals: 95% CI …" */
export function costMeasuredWords({ text, recall, texts, context }: PlanCost): string {
	const probes = recall === undefined ? '' : ` and ${recall.windows} probes`;
	const names = texts.map(({ name }) => name).join(', ');
	return `Cost measured on ${text.windows} × ${context} tokens${probes} of ${names}; ${intervalLabel(text.over)}, paired by window.`;
}

export type NetKind = 'faster' | 'slower' | 'mixed' | 'no clear difference' | 'few rounds';

/** Sums up the changes of the times of prefill and decode; a few rounds say nothing for certain. */
export function netKind(report: BenchReport): NetKind {
	if (!hasInterval(report.ratio.firstTokenSeconds)) return 'few rounds';
	const sides = BENCH_FIGURES.flatMap((figure) => {
		if (figure.part === 'memory') return [];
		const change = changeOf(measuredRatio(figure, report));
		if (change === 'none' || change === 'too few rounds') return [];
		return [change === figure.better ? 'faster' : 'slower'] as const;
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
