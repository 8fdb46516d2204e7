import type { Savings } from '../analysis/plan/types.ts';
import { formatBytes, formatCount, formatPercent } from '../analysis/text/number.ts';
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
		`${formatBytes(saved.bytes)} (${formatBytes(saved.bytesPerToken)} per token)`;
	const ofKv = `${formatPercent(kCache.shareOfKv)} of K and V`;
	const facts: [string, string][] =
		leftOut === 0
			? [
					['followers', `${followers} of ${layers} layers`],
					['K cache', `${cache(kCache)}: ${formatPercent(kCache.shareOfK)} of K, ${ofKv}`]
				]
			: [
					['followers', `${followers} of ${layers} layers`],
					['dropped', `${leftOut} of ${layers} layers`],
					['K cache', `${cache(kCache)}: ${formatPercent(kCache.shareOfK)} of K`],
					['V cache', `${cache(vCache)}; with K ${ofKv}`]
				];
	return (
		`Predicted savings on ${model}: ${context} tokens in context, ${sequences}, ${dtype}\n` +
		formatFacts([
			...facts,
			['parameters', `${formatCount(parameters.count)} (${formatPercent(parameters.share)})`],
			[
				'prefill',
				`${formatCount(prefill.flops)} FLOP not computed (${formatPercent(prefill.share)}); ` +
					`${formatBytes(prefill.keptBytes)} of probabilities kept`
			],
			[
				'decode, per step',
				`${formatBytes(decode.bytes)} not read, ${formatBytes(decode.readBytes)} of probabilities ` +
					`read instead (${formatPercent(decode.share)} fewer)`
			]
		])
	);
}
