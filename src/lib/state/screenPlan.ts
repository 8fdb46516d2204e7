import { makePlan } from '$analysis/plan/planFile.ts';
import { planSpans } from '$analysis/plan/spans.ts';
import type { Plan } from '$analysis/plan/types.ts';
import { definitionOf } from '$analysis/workspace/run/definition.ts';
import { headMaps } from './headMaps.ts';
import type { RunState } from './run.svelte.ts';

/** The plan on the screen as a plan file: the one that was opened, or one made of what was chosen. */
export async function screenPlan(page: RunState): Promise<Plan> {
	if (page.imported !== null) return page.imported;
	const { run, layers } = page;
	const { sources } = page.plan;
	const matrix = page.similarity?.matrix ?? null;
	const { name, architecture, heads, kvHeads, hash } = run.model;
	const maps =
		page.url.metric === 'cosine-matched'
			? await headMaps(run.id, page.url.view, page.spans)
			: undefined;
	return makePlan({
		model: { name, architecture, layers, heads, kvHeads, hash },
		sources,
		spans: planSpans(sources, matrix, maps),
		definition: definitionOf(run, page.url.metric, page.url.view),
		predicted: page.savings
	});
}
