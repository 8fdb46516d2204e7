import { planCounts } from '../../text/plan.ts';
import { resultKindOf, resultKinds } from '../lookup.ts';
import { figuresOf, planOf } from './result.ts';
import type { ResultSummary, StoredResult } from './types.ts';

/** Summarizes a result for a list. */
export function summaryOf(stored: StoredResult): ResultSummary {
	const { id, createdAt, model, texts, context, windows, result } = stored;
	const figures = figuresOf(result);
	const plan = planOf(result);
	/** "3 followers, 1 dropped, repaired" */
	const words =
		plan === null ? '' : planCounts(plan.sources) + (plan.repair === null ? '' : ', repaired');
	const summary: object = {
		id,
		kind: result.kind,
		createdAt,
		model,
		texts: texts.map(({ name }) => name),
		context,
		windows,
		words: resultKindOf(result.kind).summary(figures, words),
		...Object.fromEntries(
			resultKinds().flatMap(({ kind, brief }) => {
				if (brief === undefined) return [];
				const of = kind === result.kind ? brief.of(figures, plan) : null;
				return [[brief.key, of]];
			})
		)
	};
	// The figures of each kind that has some for lists, under its own name.
	return summary as ResultSummary;
}
