import type { Savings } from '../plan/types.ts';
import { formatBytes, formatCount, formatPercent } from '../text/number.ts';

/** Describes the savings of a plan: groups of quantities, each with its value, its percentage and how it is counted. */
export function savingsLines(saved: Savings) {
	// All layers together cache as much K as V.
	const kFractionOfKv = saved.kCache.shareOfK / 2;
	const vCache = {
		name: 'V cache',
		value: `−${formatBytes(saved.vCache.bytes)}`,
		share: `${formatPercent(kFractionOfKv - saved.kCache.shareOfKv, 2)} of KV`,
		about: `${formatBytes(saved.vCache.bytesPerToken)} per token and sequence, of dropped layers; followers keep V.`
	};
	return [
		{
			name: 'Memory',
			rows: [
				{
					name: 'K cache',
					value: `−${formatBytes(saved.kCache.bytes)}`,
					share: `${formatPercent(-kFractionOfKv, 2)} of KV`,
					about: `${formatBytes(saved.kCache.bytesPerToken)} per token and sequence; ${formatPercent(saved.kCache.shareOfK)} of the K cache. Followers keep V.`
				},
				...(saved.vCache.bytes > 0 ? [vCache] : []),
				{
					name: 'parameters',
					value: `−${formatCount(saved.parameters.count)}`,
					share: formatPercent(-saved.parameters.share),
					about:
						'Query and key projections of followers; of dropped layers the whole attention block. With biases and norms'
				}
			]
		},
		{
			name: 'Prefill',
			rows: [
				{
					name: 'FLOPs',
					value: `−${formatCount(saved.prefill.flops)}`,
					share: formatPercent(-saved.prefill.share),
					about:
						'Projections and the causal half of QKᵀ, of dropped layers also that of P·V; softmax and rotary embedding are not counted. No time follows from FLOPs.'
				},
				{
					name: 'attention maps held',
					value: `+${formatBytes(saved.prefill.keptBytes)}`,
					share: 'overhead',
					about: 'Attention weights of one source, held until its followers have run'
				}
			]
		},
		{
			name: 'Decode step',
			rows: [
				{
					name: 'bytes not read',
					value: `−${formatBytes(saved.decode.bytes)}`,
					share: `${formatPercent(-saved.decode.share)} net`,
					about:
						'Query and key weights once for the batch, and the followers’ K cache; of dropped layers all attention weights, K and V cache'
				},
				{
					name: 'attention maps read',
					value: `+${formatBytes(saved.decode.readBytes)}`,
					share: 'overhead',
					about: 'The source’s attention weights, read by each follower'
				}
			]
		}
	];
}
