import { countsOf, variantOf, type Candidate } from './candidate.ts';
import type { PartLoss, PlanFigures, Tie } from './types.ts';
import { caseName } from './variant.ts';

/**
 * The plans, among those that keep recall within `limit` (null: it was not measured), whose loss on the report part cannot be told from that of the
 * plan `chosen`: the interval of their difference, paired by window, holds 0. Plans that run alike are one.
 */
export function tiesOf(
	plans: readonly PlanFigures[],
	candidates: readonly Candidate[],
	chosen: number,
	limit: number | null
): Tie[] {
	const seen = new Set([caseName(variantOf(candidates[chosen]))]);
	return plans.flatMap((plan, at) => {
		const name = caseName(variantOf(candidates[at]));
		if (seen.has(name) || (limit !== null && (plan.recall?.report.loss ?? 0) > limit)) return [];
		seen.add(name);
		const { difference } = plan;
		if (difference === undefined || !holdsZero(difference)) return [];
		return [
			{
				plan: plan.name,
				difference,
				simpler: isSimpler(candidates[at], candidates[chosen])
			}
		];
	});
}

/** Returns true if an interval leaves the sign of a difference open, or if there is no interval. */
export function holdsZero({ low, high }: PartLoss): boolean {
	return low === null || high === null || (low <= 0 && high >= 0);
}

/**
 * Tests if one plan is simpler than another: without refitted weights before with them, heads in their places before
 * head maps, fewer changed layers before more, and then fewer followers, which keep their source's probabilities in
 * memory.
 */
function isSimpler(one: Candidate, other: Candidate): boolean {
	const [a, b] = [one, other].map((candidate) => {
		const { followers, dropped } = countsOf(candidate.sources);
		return [
			Number(candidate.repair !== null),
			Number(candidate.headMaps !== undefined),
			followers + dropped,
			followers
		];
	});
	const differs = a.findIndex((value, at) => value !== b[at]);
	return differs >= 0 && a[differs] < b[differs];
}
