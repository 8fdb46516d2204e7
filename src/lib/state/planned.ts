import { mostFollowers, planByFollowers, planByThreshold } from '$analysis/plan/search.ts';
import { sourcesOf } from '$analysis/plan/spans.ts';
import type { Sources, SpanLimits } from '$analysis/plan/types.ts';
import type { PlanChoice } from './url.ts';

/**
 * The sources of a plan as it was chosen; null: it is made from similarity (`matrix`, [L, L]), which has not come yet.
 * Throws InputError where the limits allow none.
 */
export function plannedSources(
	plan: PlanChoice,
	matrix: Float64Array | null,
	layers: number,
	limits: SpanLimits
): Sources | null {
	if (plan.by === 'hand') {
		const spans = plan.spans.map(({ first, last }) => ({
			source: first,
			followers: Array.from({ length: last - first }, (_, index) => first + 1 + index)
		}));
		const sources = sourcesOf(spans, layers);
		return sources.map((source, layer) => (plan.dropped.includes(layer) ? null : source));
	}
	if (matrix === null) return null;
	if (plan.by === 'threshold') return planByThreshold(matrix, layers, plan.threshold, limits);
	const followers = Math.min(plan.followers, mostFollowers(limits, layers));
	return planByFollowers(matrix, layers, followers, limits);
}
