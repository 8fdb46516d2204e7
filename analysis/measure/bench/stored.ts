import * as v from 'valibot';
import type { Plan } from '../../plan/types.ts';
import { list, report } from '../settings.ts';
import { formatSigned, formatTimes } from '../../text/number.ts';
import type { RecallLoss } from '../recall.ts';
import type { BenchReport, PlanCost, RatioSpread } from './benchTypes.ts';
import { changeOf } from './change.ts';

const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const spread = v.object({ median: v.number(), q25: v.number(), q75: v.number() });
const side = report({
	firstTokenSeconds: spread,
	tokensPerSecond: spread,
	peakRssBytes: v.number()
});

const paired = report({
	baseline: v.number(),
	planned: v.number(),
	delta: report({
		loss: v.number(),
		low: v.nullable(v.number()),
		high: v.nullable(v.number())
	}),
	windows: count
});
const cost = report({ text: paired, recall: v.exactOptional(paired), texts: list, context: count });

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
	predicted: report({}),
	cost: v.exactOptional(v.nullable(cost))
});

/**
 * "4 followers: first token ×0.89, decode no clear difference, cache ×0.88; loss +0.036, recall +0.010": planned ÷ baseline,
 * medians, and what the plan costs.
 */
export function benchSummary(
	{ ratio, baseline, planned, cost = null }: BenchReport,
	plan: string
): string {
	const measured = (name: 'firstTokenSeconds' | 'tokensPerSecond') => {
		const sides = { baseline: baseline[name].median, planned: planned[name].median };
		const change = changeOf({ ratio: ratio[name], basis: 'measured', ...sides });
		if (change === 'none') return 'no clear difference';
		return change === 'too few rounds' ? change : formatTimes(ratio[name].median);
	};
	const words = [
		`first token ${measured('firstTokenSeconds')}`,
		`decode ${measured('tokensPerSecond')}`,
		`cache ${formatTimes(ratio.cacheBytesPerToken)}`
	];
	return `${plan}: ${words.join(', ')}${cost === null ? '' : `; ${briefCost(cost)}`}`;
}

function briefCost({ text, recall }: PlanCost): string {
	const of = (name: string, { delta }: PlanCost['text' | 'recall'] & object) =>
		`${name} ${formatSigned(delta.loss)}`;
	return [of('loss', text), ...(recall === undefined ? [] : [of('recall', recall)])].join(', ');
}

/** Summary of a bench in lists: ratios planned ÷ baseline. */
export interface BenchBrief {
	sources: (number | null)[];
	/** Below 1 is less time. */
	firstToken: RatioSpread;
	/** Above 1 is faster. */
	tokensPerSecond: RatioSpread;
	/** Bytes of cache per token. */
	cache: number;
	/** Loss increase of the plan, nats/token; not there: it was not measured. */
	cost?: { text: RecallLoss; recall?: RecallLoss };
}

export function benchBrief({ ratio, cost = null }: BenchReport, { sources }: Plan): BenchBrief {
	const { firstTokenSeconds: firstToken, tokensPerSecond, cacheBytesPerToken: cache } = ratio;
	return {
		...{ sources, firstToken, tokensPerSecond, cache },
		...(cost && {
			cost: { text: cost.text.delta, ...(cost.recall && { recall: cost.recall.delta }) }
		})
	};
}
