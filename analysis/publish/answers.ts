/** The questions that a run answers, each in one sentence, from what was measured of its model. */
import type { ResultSummary } from '../measure/results/types.ts';
import { AXIS_NAMES } from '../plan/axes.ts';
import type { Sources } from '../plan/types.ts';
import { intervalText, lossText } from '../text/interval.ts';
import { formatShortPercent, formatTimes, formatValue } from '../text/number.ts';
import { adviceWords } from '../text/plan.ts';

/** A sentence, and the stored result that it is read from. */
export interface Answer {
	sentence: string;
	/** Short: what the sentence is about, where a word says it. */
	word: string;
	result: ResultSummary;
}

type Results = readonly ResultSummary[];

/** Names the layers that could share or go: the cheapest drop and the cheapest pair of the newest damage map. */
export function cheapestLayers(results: Results): Answer | null {
	return newest(results, ({ damage }) => {
		if (!damage?.drop) return null;
		const { drop, pair } = damage;
		const shared =
			pair === null
				? ''
				: `; sharing: layer ${pair.follower} with ${pair.source}, ${lossText(pair)}`;
		return {
			word: 'measured',
			sentence: `Cheapest to drop: layer ${drop.layer}, ${lossText(drop)}${shared} nats/token.`
		};
	});
}

/** Describes the damage of a plan, by the newest of the evaluations given; null: there is none. */
export function whatBreaks(evaluations: Results): Answer | null {
	return newest(evaluations, ({ evaluation, texts }) => {
		if (evaluation === null) return null;
		const recall =
			evaluation.recall === null
				? 'recall was not measured'
				: `recall ${lossText(evaluation.recall)}`;
		return {
			word: evaluation.gates ?? 'measured',
			sentence: `Loss ${lossText(evaluation)} nats/token on ${texts.join(', ')}; ${recall}; top-1 agreement ${formatShortPercent(evaluation.agreement)}.`
		};
	});
}

/** Answers whether dropping costs less than sharing at equal savings, on held-out text, by the newest search. */
export function isDroppingBetter(results: Results): Answer | null {
	return newest(results, ({ search }) => {
		if (search === null) return null;
		const { share, drop, winner, target } = search;
		const at = `at ${formatShortPercent(target.share)} of the ${AXIS_NAMES[target.axis]}`;
		if (drop === null && share === null)
			return { word: 'neither', sentence: `No plan saves that much, ${at}.` };
		if (drop === null)
			return { word: 'share', sentence: `No: no dropped layers reach the saving, ${at}.` };
		if (share === null)
			return {
				word: 'drop',
				sentence: `Yes: no shared layers reach the saving; dropping adds ${lossText(drop)} nats/token ${at}.`
			};
		const verdict = {
			drop: 'Yes',
			share: 'No',
			mixed: 'Both together are best',
			none: 'Neither',
			tied: 'Tied'
		}[winner ?? 'tied'];
		return {
			word: winner ?? 'tied',
			sentence: `${verdict}: dropping adds ${lossText(drop)}, sharing ${lossText(share)} nats/token ${at}.`
		};
	});
}

/** Describes the gains and costs of a plan as a deployed model, by the newest bench of the same sources; null: none. */
export function whatIsGained(results: Results, sources: Sources): Answer | null {
	const same = JSON.stringify(sources);
	return newest(results, ({ bench }) => {
		if (bench === null || JSON.stringify(bench.sources) !== same) return null;
		const times = ({ median, low = null, high = null }: typeof bench.firstToken) =>
			`${formatTimes(median)} ${intervalText({ low, high }, (value) => formatValue(value, 2))}`.trim();
		return {
			word: 'measured',
			sentence: `Time to the first token ${times(bench.firstToken)}, tokens/s ${times(bench.tokensPerSecond)}, cache ${formatTimes(bench.cache)}.${costOf(bench)}`
		};
	});
}

/** Describes the cost of the plan in a sentence of its own; empty where the bench did not measure it. */
function costOf({ cost }: NonNullable<ResultSummary['bench']>): string {
	if (cost === undefined) return '';
	const recall = cost.recall === undefined ? '' : `, and ${lossText(cost.recall)} on recall`;
	return ` It costs ${lossText(cost.text)} nats/token on text${recall}.`;
}

/** Recommends the plan that was searched, else one that was evaluated, with its cost; null: there is neither. */
export function advice(results: Results): Answer | null {
	return (
		newest(results, ({ search }) => {
			if (!search?.sources || search.loss === null) return null;
			const { sources, loss, recall, target, verdict } = search;
			const against = verdict === 'neither' ? 'Best left alone. The plan that did best: ' : '';
			return {
				word: 'measured',
				sentence: `${against}${adviceWords(sources)}. That saves ${formatShortPercent(target.share)} of the ${AXIS_NAMES[target.axis]} and adds ${lossText(loss)} nats/token on held-out text${recall === null ? '' : `, and ${lossText(recall)} to recall`}.`
			};
		}) ??
		newest(results, ({ evaluation, texts }) => {
			if (evaluation === null) return null;
			const { sources, recall } = evaluation;
			return {
				word: 'measured',
				sentence: `The most similar: ${lower(adviceWords(sources))}. That adds ${lossText(evaluation)} nats/token on ${texts.join(', ')}${recall === null ? '' : `, and ${lossText(recall)} to recall`}.`
			};
		})
	);
}

function lower(words: string): string {
	return words.charAt(0).toLowerCase() + words.slice(1);
}

/** Results are newest first: the first that says something. */
function newest(
	results: Results,
	answerOf: (result: ResultSummary) => Omit<Answer, 'result'> | null
): Answer | null {
	for (const result of results) {
		const answer = answerOf(result);
		if (answer !== null) return { ...answer, result };
	}
	return null;
}
