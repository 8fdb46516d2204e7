import type { Plan } from '../../plan/types.ts';
import { VERSION } from '../../version.ts';
import type { Evaluation } from './types.ts';

/** The plan with what was measured of it: the report without windows and tokens, and what it is about. */
export function measuredPlan(plan: Plan, evaluation: Evaluation, measuredAt = new Date()): Plan {
	const { report, model, texts, context } = evaluation;
	const { baseline, shared, delta, kl, agreement, cost, recall, choices, probes, gates, windows } =
		report;
	return {
		...plan,
		measured: {
			baseline,
			shared,
			delta,
			kl,
			agreement,
			cost,
			...(recall && { recall }),
			...(choices && { choices }),
			...(probes && { probes }),
			gates,
			model,
			texts,
			context,
			windows: windows.length,
			measuredAt: measuredAt.toISOString(),
			version: VERSION
		}
	};
}
