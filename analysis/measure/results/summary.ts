import { AXIS_NAMES } from '../../plan/axes.ts';
import type { Damage } from '../damage/types.ts';
import { changeOf } from '../../measure/bench/change.ts';
import type { BenchReport } from '../bench/benchTypes.ts';
import type { Evaluation } from '../evaluate/types.ts';
import type { Search } from '../search/types.ts';
import { planKey } from '../../plan/key.ts';
import type { Plan, Sources } from '../../plan/types.ts';
import type { ResultSummary, StoredResult } from './types.ts';

/** What a list says of a result. */
export function summaryOf(stored: StoredResult): ResultSummary {
	const { id, createdAt, model, texts, context, windows, result } = stored;
	return {
		id,
		kind: result.kind,
		createdAt,
		model,
		texts: texts.map(({ name }) => name),
		context,
		windows,
		words: wordsOf(result),
		evaluation: result.kind === 'evaluate' ? evaluated(result.plan, result.evaluation) : null,
		bench: result.kind === 'bench' ? benched(result.plan, result.bench) : null
	};
}

function wordsOf(result: StoredResult['result']): string {
	switch (result.kind) {
		case 'damage':
			return damageWords(result.damage);
		case 'evaluate': {
			const { loss, low, high } = result.evaluation.report.delta;
			const interval = low === null || high === null ? '' : ` [${nats(low)}, ${nats(high)}]`;
			return `${planWords(result.plan)}: ${nats(loss)}${interval} nats a token`;
		}
		case 'search':
			return searchWords(result.search);
		case 'bench':
			return `${planWords(result.plan)}: ${benchWords(result.bench)}`;
	}
}

/** "cheapest: leave out layer 7, +0.012; let 8 follow 7, +0.020 nats a token" */
function damageWords({ report }: Damage): string {
	const left = report.drop.reduce(
		(best, loss, layer) => (loss < (report.drop[best] ?? Infinity) ? layer : best),
		0
	);
	const words = [`cheapest: leave out layer ${left}, ${nats(report.drop[left] ?? NaN)}`];
	const known = report.pairs.flatMap(({ source, follower, loss }) =>
		loss === null ? [] : [{ source, follower, loss }]
	);
	if (known.length > 0) {
		const { source, follower, loss } = known.reduce((a, b) => (b.loss < a.loss ? b : a));
		words.push(`let ${follower} follow ${source}, ${nats(loss)}`);
	}
	return `${words.join('; ')} nats a token`;
}

/** "share, 12.5 % of the KV cache: +0.213 nats a token" */
function searchWords({ report }: Search): string {
	const { verdict, target, plans } = report;
	const chosen = plans.find(({ name }) => name === verdict.plan);
	const wanted = `${Number((target.share * 100).toFixed(1))} % of the ${AXIS_NAMES[target.axis]}`;
	if (chosen === undefined) return `${verdict.kind}, ${wanted}`;
	return `${verdict.kind}, ${wanted}: ${nats(chosen.report.loss)} nats a token`;
}

/** "first token ×0.89, decode no clear difference, cache ×0.88": planned ÷ baseline, medians. */
function benchWords({ ratio, baseline, planned }: BenchReport): string {
	const times = (value: number) => `×${value.toFixed(2)}`;
	const measured = (name: 'firstTokenSeconds' | 'tokensPerSecond') => {
		const sides = { baseline: baseline[name].median, planned: planned[name].median };
		const change = changeOf({ ratio: ratio[name], basis: 'measured', ...sides });
		if (change === 'none') return 'no clear difference';
		return change === 'too few rounds' ? change : times(ratio[name].median);
	};
	return [
		`first token ${measured('firstTokenSeconds')}`,
		`decode ${measured('tokensPerSecond')}`,
		`cache ${times(ratio.cacheBytesPerToken)}`
	].join(', ');
}

/** "3 followers, 1 left out, repaired" */
function planWords({ sources, repair }: Plan): string {
	const { followers, leftOut } = counted(sources);
	const words = [
		...(followers > 0 ? [`${followers} follower${followers === 1 ? '' : 's'}`] : []),
		...(leftOut > 0 ? [`${leftOut} left out`] : [])
	];
	if (words.length === 0) words.push('nothing shared');
	if (repair !== null) words.push('repaired');
	return words.join(', ');
}

function counted(sources: Sources): { followers: number; leftOut: number } {
	return {
		followers: sources.filter((source, layer) => source !== null && source !== layer).length,
		leftOut: sources.filter((source) => source === null).length
	};
}

function evaluated(plan: Plan, { report }: Evaluation): ResultSummary['evaluation'] {
	const { delta, baseline, agreement, gates } = report;
	return {
		sources: plan.sources,
		repaired: plan.repair !== null,
		plan: planKey(plan),
		loss: delta.loss,
		low: delta.low,
		high: delta.high,
		baseline: baseline.loss,
		agreement,
		gates: gates?.verdict ?? null
	};
}

function benched({ sources }: Plan, { ratio }: BenchReport): ResultSummary['bench'] {
	const { firstTokenSeconds: firstToken, tokensPerSecond, cacheBytesPerToken: cache } = ratio;
	return { sources, firstToken, tokensPerSecond, cache };
}

/** A loss added: always with its sign. */
function nats(value: number): string {
	return `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(3)}`;
}
