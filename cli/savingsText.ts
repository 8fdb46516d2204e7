import type { Savings } from '../analysis/plan/types.ts';
import { formatBytes, formatCount, formatShare } from '../analysis/text/number.ts';
import { formatFacts } from './table.ts';

/** Savings for a person; every number is a prediction and is said to be. */
export function savingsText(
	savings: Savings,
	model: string,
	layers: number,
	dtype: string
): string {
	const { context, batch, followers, leftOut, kCache, vCache, parameters, prefill, decode } =
		savings;
	const sequences = batch === 1 ? '1 sequence' : `${batch} sequences`;
	const cache = (saved: { bytes: number; bytesPerToken: number }) =>
		`${formatBytes(saved.bytes)} (${formatBytes(saved.bytesPerToken)} a token)`;
	const ofKv = `${formatShare(kCache.shareOfKv)} of K and V`;
	const facts: [string, string][] =
		leftOut === 0
			? [
					['followers', `${followers} of ${layers} layers`],
					['K cache', `${cache(kCache)}: ${formatShare(kCache.shareOfK)} of K, ${ofKv}`]
				]
			: [
					['followers', `${followers} of ${layers} layers`],
					['left out', `${leftOut} of ${layers} layers`],
					['K cache', `${cache(kCache)}: ${formatShare(kCache.shareOfK)} of K`],
					['V cache', `${cache(vCache)}; with K ${ofKv}`]
				];
	return (
		`Predicted savings on ${model}: ${context} tokens in context, ${sequences}, ${dtype}\n` +
		formatFacts([
			...facts,
			['parameters', `${formatCount(parameters.count)} (${formatShare(parameters.share)})`],
			[
				'prefill',
				`${formatCount(prefill.flops)} FLOP not computed (${formatShare(prefill.share)}); ` +
					`${formatBytes(prefill.keptBytes)} of probabilities kept`
			],
			[
				'decode, a step',
				`${formatBytes(decode.bytes)} not read, ${formatBytes(decode.readBytes)} of probabilities ` +
					`read instead (${formatShare(decode.share)} fewer)`
			]
		])
	);
}
