import { measuredPlan } from '$analysis/measure/evaluate/measuredPlan.ts';
import type { StoredResult } from '$analysis/measure/results/types.ts';
import { makePlan, modelOfPlan } from '$analysis/plan/planFile.ts';
import type { Plan, Span } from '$analysis/plan/types.ts';
import { definitionOf } from '$analysis/workspace/run/definition.ts';
import { requestJson } from '../client/request.ts';
import { headMaps } from './headMaps.ts';
import type { RunState } from './run.svelte.ts';

/** The plan on the screen as a plan file: the one that was opened, or one made of what was chosen. */
export async function screenPlan(page: RunState): Promise<Plan> {
	if (page.imported !== null) return page.imported;
	const { run } = page;
	const { sources } = page.plan;
	return makePlan({
		model: modelOfPlan(run.model),
		sources,
		spans: await matchedSpans(page),
		definition: definitionOf(run, page.url.metric, page.url.view),
		predicted: page.savings
	});
}

/** The same with what was last measured of it as a whole, as `evaluate --write` puts it into the file. */
export async function measuredScreenPlan(page: RunState): Promise<Plan> {
	const plan = await screenPlan(page);
	const last = page.evaluations.at(0);
	if (last === undefined) return plan;
	const { result, createdAt } = await requestJson<StoredResult>(`/api/results/${last.id}`);
	return result.kind === 'evaluate'
		? measuredPlan(plan, result.evaluation, new Date(createdAt))
		: plan;
}

/** The spans on the screen; by the matched cosine, those without head maps get them from the server. */
async function matchedSpans({ run, url, spans }: RunState): Promise<Span[]> {
	if (url.metric !== 'cosine-matched') return spans;
	const maps = await headMaps(
		run.id,
		url.view,
		spans.filter(({ headMap }) => headMap === 'identity')
	);
	return spans.map((span) => ({
		...span,
		headMap:
			span.headMap === 'identity'
				? span.followers.map((follower) => maps(span.source, follower))
				: span.headMap
	}));
}
