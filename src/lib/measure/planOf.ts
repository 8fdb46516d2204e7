import { makePlan, modelOfPlan } from '$analysis/plan/planFile.ts';
import { planSpans } from '$analysis/plan/spans.ts';
import type { Plan, Sources } from '$analysis/plan/types.ts';
import type { RunRecord } from '$analysis/workspace/run/types.ts';

/** A plan file for sources that a search found, on the model of a run. */
export function planOf({ model }: RunRecord, sources: Sources): Plan {
	return makePlan({
		model: modelOfPlan(model),
		sources,
		spans: planSpans(sources, null),
		definition: null,
		predicted: null
	});
}
