import { AXIS_NAMES } from '../../plan/axes.ts';
import type { Damage } from '../damage/types.ts';
import { changeOf } from '../../measure/bench/change.ts';
import type { BenchReport } from '../bench/benchTypes.ts';
import type { Evaluation } from '../evaluate/types.ts';
import type { Search } from '../search/types.ts';
import { planKey } from '../../plan/key.ts';
import { lossText } from '../../text/interval.ts';
import { formatShortPercent, formatSigned } from '../../text/number.ts';
import { planCounts } from '../../text/plan.ts';
import type { Plan } from '../../plan/types.ts';
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
			return `${partsOf(result.plan)}: ${lossText(result.evaluation.report.delta)} nats/token`;
		}
		case 'search':
			return searchWords(result.search);
		case 'bench':
			return `${partsOf(result.plan)}: ${benchWords(result.bench)}`;
	}
}

/** "cheapest: drop layer 7, +0.012; let 8 follow 7, +0.020 nats/token" */
function damageWords({ report }: Damage): string {
	const left = report.drop.reduce(
		(best, loss, layer) => (loss < (report.drop[best] ?? Infinity) ? layer : best),
		0
	);
	const words = [`cheapest: drop layer ${left}, ${formatSigned(report.drop[left] ?? NaN)}`];
	const known = report.pairs.flatMap(({ source, follower, loss }) =>
		loss === null ? [] : [{ source, follower, loss }]
	);
	if (known.length > 0) {
		const { source, follower, loss } = known.reduce((a, b) => (b.loss < a.loss ? b : a));
		words.push(`let ${follower} follow ${source}, ${formatSigned(loss)}`);
	}
	return `${words.join('; ')} nats/token`;
}

/** "share, 12.5% of the KV cache: +0.213 nats/token" */
function searchWords({ report }: Search): string {
	const { verdict, target, plans } = report;
	const chosen = plans.find(({ name }) => name === verdict.plan);
	const wanted = `${formatShortPercent(target.share)} of the ${AXIS_NAMES[target.axis]}`;
	if (chosen === undefined) return `${verdict.kind}, ${wanted}`;
	return `${verdict.kind}, ${wanted}: ${formatSigned(chosen.report.loss)} nats/token`;
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

/** "3 followers, 1 dropped, repaired" */
function partsOf({ sources, repair }: Plan): string {
	return `${planCounts(sources)}${repair === null ? '' : ', repaired'}`;
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
