import type { Savings } from '../analysis/plan/types.ts';
import { formatBytes, formatCount, formatShare } from '../src/lib/format.ts';
import { formatFacts } from './table.ts';

/** Savings for a person; every number is a prediction and is said to be. */
export function savingsText(
	savings: Savings,
	model: string,
	layers: number,
	dtype: string
): string {
	const { context, batch, followers, kCache, parameters, prefill, decode } = savings;
	const sequences = batch === 1 ? '1 sequence' : `${batch} sequences`;
	return (
		`Predicted savings on ${model}: ${context} tokens in context, ${sequences}, ${dtype}\n` +
		formatFacts([
			['followers', `${followers} of ${layers} layers`],
			[
				'K cache',
				`${formatBytes(kCache.bytes)} (${formatBytes(kCache.bytesPerToken)} a token): ` +
					`${formatShare(kCache.shareOfK)} of K, ${formatShare(kCache.shareOfKv)} of K and V`
			],
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
