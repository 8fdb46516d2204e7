import * as v from 'valibot';
import { planKey } from '../../plan/key.ts';
import type { Plan } from '../../plan/types.ts';
import { lossText } from '../../text/interval.ts';
import type { MeasuredChanges } from '../kind.ts';
import type { RecallReport } from '../recall.ts';
import { list, report } from '../settings.ts';
import type { Evaluation } from './types.ts';

/** The form of a stored evaluation. */
export const evaluationForm = report({
	report: report({
		baseline: report({ loss: v.number() }),
		shared: report({ loss: v.number() }),
		delta: report({
			loss: v.number(),
			low: v.nullable(v.number()),
			high: v.nullable(v.number())
		}),
		agreement: v.number(),
		recall: v.optional(
			report({
				delta: report({
					loss: v.number(),
					low: v.nullable(v.number()),
					high: v.nullable(v.number())
				})
			})
		),
		windows: list,
		gates: v.nullable(report({ verdict: v.picklist(['pass', 'fail', 'inconclusive']) }))
	})
});

/** "4 followers: +0.213 [+0.200, +0.226] nats/token" */
export function evaluationSummary({ report }: Evaluation, plan: string): string {
	return `${plan}: ${lossText(report.delta)} nats/token`;
}

/** Figures of an evaluation for the history. */
export interface EvaluationBrief {
	sources: (number | null)[];
	/** With refitted weights. */
	repaired: boolean;
	/** Key of the plan, equal for plans that compute the same; see `planKey`. */
	plan: string;
	loss: number;
	low: number | null;
	high: number | null;
	baseline: number;
	agreement: number;
	/** Loss increase of the plan on a passage that comes again; null: not measured. */
	recall: RecallReport['delta'] | null;
	/** 'pass', 'fail' or 'inconclusive'; null: no gates. */
	gates: string | null;
}

export function evaluationBrief({ report }: Evaluation, plan: Plan): EvaluationBrief {
	const { delta, baseline, agreement, gates, recall } = report;
	return {
		sources: plan.sources,
		repaired: plan.repair !== null,
		plan: planKey(plan),
		loss: delta.loss,
		low: delta.low,
		high: delta.high,
		baseline: baseline.loss,
		agreement,
		recall: recall?.delta ?? null,
		gates: gates?.verdict ?? null
	};
}

/** The plan that was evaluated. */
export function evaluationChanges({ report }: Evaluation, plan: Plan): MeasuredChanges {
	const { loss, low, high } = report.delta;
	const { sources, repair } = plan;
	const saved = report.cost.predicted.kCache.shareOfKv;
	return { plans: [{ name: null, sources, repaired: repair !== null, loss, low, high, saved }] };
}
