import { lossText, withInterval } from '../../text/interval.ts';
import { formatPercent, formatSigned } from '../../text/number.ts';
import type { PairedAccuracy, TuneComparison, TuneReport } from './types.ts';

/** "planned, tuned − baseline: +0.021 [+0.010, +0.032] nats/token on text, +0.003 [−0.001, +0.007] recall" */
export function comparisonWords({ words, text, recall, accuracy }: TuneComparison): string {
	const onRecall = recall === null ? '' : `, ${lossText(recall)} recall`;
	const onQuestions = accuracy === undefined ? '' : `, ${accuracyText(accuracy)} accuracy`;
	return `${words}: ${lossText(text)} nats/token on text${onRecall}${onQuestions}`;
}

/** "−1.3% [−2.5%, 0.0%]" */
export function accuracyText({ value, ...ends }: PairedAccuracy): string {
	return withInterval(value, ends, (each) =>
		formatSigned(each, (fraction) => formatPercent(fraction))
	);
}

/** "distilled from the untouched model, all weights, learning rate 0.0001, 4 × 256 tokens per step" */
export function settingWords({ settings }: TuneReport): string {
	const { distill, lora, learningRate, batch, context } = settings;
	const objective =
		distill === 1
			? 'distilled from the untouched model'
			: distill === 0
				? 'cross-entropy on the text'
				: `${distill} of distillation, ${Number((1 - distill).toPrecision(6))} of cross-entropy`;
	const what = lora === null ? 'all weights' : `adapters of rank ${lora}`;
	return `${objective}, ${what}, learning rate ${learningRate}, ${batch} × ${context} tokens per step`;
}
