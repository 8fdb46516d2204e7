import { lossText } from '../../text/interval.ts';
import type { TuneComparison, TuneReport } from './types.ts';

/** "planned, tuned − baseline: +0.021 [+0.010, +0.032] nats/token on text, +0.003 [−0.001, +0.007] recall" */
export function comparisonWords({ words, text, recall }: TuneComparison): string {
	const onRecall = recall === null ? '' : `, ${lossText(recall)} recall`;
	return `${words}: ${lossText(text)} nats/token on text${onRecall}`;
}

/** "distilled from the untouched model, all weights, learning rate 0.0001, 4 × 256 tokens a step" */
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
