import { drawWindows } from '../../statistics/resample.ts';
import { mean, meanInterval } from '../../statistics/figures.ts';
import { mcnemarExact } from '../../statistics/mcnemar.ts';
import {
	SCORES,
	type ChoicesReport,
	type LogLikelihoods,
	type Question,
	type Score
} from './types.ts';

/** Divisor of a choice's log-likelihood, by score: 1, its characters (code points), or its UTF-8 bytes. */
const DIVISORS: Record<Score, (choice: string) => number> = {
	acc: () => 1,
	acc_norm: (choice) => characters(choice.trimStart()),
	acc_norm_space: (choice) => Math.max(characters(choice), 1 + characters(choice.trimStart())),
	acc_bytes: (choice) => Buffer.byteLength(choice.trimStart())
};

function characters(text: string): number {
	return Array.from(text).length;
}

/** Both models' accuracies by each score, what sharing changed with its interval, and McNemar's exact test. */
export function scoreChoices(
	questions: readonly Question[],
	logLikelihoods: { baseline: LogLikelihoods; shared: LogLikelihoods }
): ChoicesReport {
	const draws = drawWindows(groupsOf(questions));
	const compared = SCORES.map((score) => {
		const baseline = rightAnswers(questions, logLikelihoods.baseline, score);
		const shared = rightAnswers(questions, logLikelihoods.shared, score);
		const onlyBaseline = baseline.filter((right, at) => right > shared[at]).length;
		const onlyShared = shared.filter((right, at) => right > baseline[at]).length;
		return {
			baseline: mean(baseline),
			shared: mean(shared),
			delta: meanInterval(
				shared.map((right, at) => right - baseline[at]),
				draws
			),
			mcnemar: { onlyBaseline, onlyShared, p: mcnemarExact(onlyBaseline, onlyShared) }
		};
	});
	const each = <Key extends keyof (typeof compared)[number]>(key: Key) =>
		Object.fromEntries(SCORES.map((score, at) => [score, compared[at][key]])) as Record<
			Score,
			(typeof compared)[number][Key]
		>;
	return {
		questions: questions.length,
		baseline: each('baseline'),
		shared: each('shared'),
		delta: each('delta'),
		over: draws?.over ?? null,
		mcnemar: each('mcnemar')
	};
}

/** Per question 1 where the likeliest choice (the first of equals) is the right one, else 0. */
export function rightAnswers(
	questions: readonly Question[],
	logLikelihoods: LogLikelihoods,
	score: Score
): number[] {
	return questions.map(({ choices, answer }, question) => {
		const values = choices.map(
			(choice, at) => logLikelihoods[question][at] / DIVISORS[score](choice)
		);
		return Number(values.indexOf(Math.max(...values)) === answer);
	});
}

/** The group of each question by number; questions without one are all of one group. */
export function groupsOf(questions: readonly Question[]): number[] {
	const names = [...new Set(questions.map(({ group }) => group))];
	return questions.map(({ group }) => names.indexOf(group));
}
