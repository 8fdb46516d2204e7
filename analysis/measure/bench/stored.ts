import * as v from 'valibot';
import type { Plan } from '../../plan/types.ts';
import { report } from '../settings.ts';
import type { BenchReport, RatioSpread } from './benchTypes.ts';
import { changeOf } from './change.ts';

const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const spread = v.object({ median: v.number(), q25: v.number(), q75: v.number() });
const side = report({
	firstTokenSeconds: spread,
	tokensPerSecond: spread,
	peakRssBytes: v.number()
});

/** The form of a stored bench. */
export const benchForm = report({
	setting: report({ prompt: count, generate: count, batch: count, repeats: count }),
	baseline: side,
	planned: side,
	ratio: report({
		firstTokenSeconds: spread,
		tokensPerSecond: spread,
		peakRss: v.number(),
		cacheBytesPerToken: v.number()
	}),
	predicted: report({})
});

/** "4 followers: first token ×0.89, decode no clear difference, cache ×0.88": planned ÷ baseline, medians. */
export function benchSummary({ ratio, baseline, planned }: BenchReport, plan: string): string {
	const times = (value: number) => `×${value.toFixed(2)}`;
	const measured = (name: 'firstTokenSeconds' | 'tokensPerSecond') => {
		const sides = { baseline: baseline[name].median, planned: planned[name].median };
		const change = changeOf({ ratio: ratio[name], basis: 'measured', ...sides });
		if (change === 'none') return 'no clear difference';
		return change === 'too few rounds' ? change : times(ratio[name].median);
	};
	const words = [
		`first token ${measured('firstTokenSeconds')}`,
		`decode ${measured('tokensPerSecond')}`,
		`cache ${times(ratio.cacheBytesPerToken)}`
	];
	return `${plan}: ${words.join(', ')}`;
}

/** What lists show of a bench: ratios planned ÷ baseline. */
export interface BenchBrief {
	sources: (number | null)[];
	/** Below 1 is less time. */
	firstToken: RatioSpread;
	/** Above 1 is faster. */
	tokensPerSecond: RatioSpread;
	/** Bytes of cache a token. */
	cache: number;
}

export function benchBrief({ ratio }: BenchReport, { sources }: Plan): BenchBrief {
	const { firstTokenSeconds: firstToken, tokensPerSecond, cacheBytesPerToken: cache } = ratio;
	return { sources, firstToken, tokensPerSecond, cache };
}
