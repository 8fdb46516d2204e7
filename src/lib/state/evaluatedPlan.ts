import type { ResultSummary } from '$analysis/measure/results/types.ts';
import { formatPercent, formatSigned } from '$analysis/text/number.ts';
import { intervalText, lossText } from '$analysis/text/interval.ts';

/** A stored evaluation of a plan, in short. */
export type EvaluatedPlan = ResultSummary & {
	evaluation: NonNullable<ResultSummary['evaluation']>;
};

/** The evaluations of the plan with a key (see `planKey`), in the order of the results; none where `key` is null. */
export function evaluationsOf(
	results: readonly ResultSummary[],
	key: string | null
): EvaluatedPlan[] {
	return results.flatMap((result) => {
		const { evaluation } = result;
		return evaluation === null || evaluation.plan !== key ? [] : [{ ...result, evaluation }];
	});
}

/** Loss increase in nats/token, and its interval, empty where there is none: "+0.292", "[+0.231, +0.350]". */
export function evaluatedLoss({ evaluation }: EvaluatedPlan): { loss: string; interval: string } {
	return { loss: formatSigned(evaluation.loss), interval: intervalText(evaluation, formatSigned) };
}

/** "walden.txt, 16 × 512 tokens, top-1 agreement 61.5%" */
export function evaluatedOn({ texts, windows, context, evaluation }: EvaluatedPlan): string {
	return `${texts.join(', ')}, ${windows} × ${context} tokens, top-1 agreement ${formatPercent(evaluation.agreement)}`;
}

/** Formats the loss increase of in-context recall, nats/token: "+0.104 [+0.020, +0.190]"; null: not measured. */
export function evaluatedRecall({ evaluation }: EvaluatedPlan): string | null {
	return evaluation.recall && lossText(evaluation.recall);
}
