import { AXIS_NAMES } from '$analysis/plan/axes.ts';
import type { PlanKind, SearchGoal, SearchReport } from '$analysis/measure/search/types.ts';
import { formatPercent, formatSigned } from '$analysis/text/number.ts';

export const KIND_NAMES: Readonly<Record<PlanKind, string>> = {
	share: 'shares',
	drop: 'drops',
	mixed: 'both',
	none: 'neither'
};

/** Formats a goal: "4 followers", "at least 12.5% of the K cache", "the most of the KV cache for +0.050 nats/token". */
export function goalText(goal: SearchGoal): string {
	if (goal.kind === 'followers')
		return `${goal.followers} ${goal.followers === 1 ? 'follower' : 'followers'}`;
	if (goal.kind === 'save')
		return `at least ${formatPercent(goal.share)} of the ${AXIS_NAMES[goal.axis]}`;
	return `the most of the KV cache for ${formatSigned(goal.maxLossIncrease)} nats/token`;
}

/** The first sentence, and the rest. */
export function sentences(text: string): { first: string; rest: string } {
	const end = /[.:]\s+(?=[A-Z“])/.exec(text);
	if (end === null) return { first: text, rest: '' };
	const at = end.index + 1;
	return { first: text.slice(0, at), rest: text.slice(at).trim() };
}

/** Describes the percentage of random plans that the plan beats; null: there are none. */
export function randomText({ plans, beaten }: SearchReport['random']): string | null {
	if (beaten === null) return null;
	return `costs less than ${formatPercent(beaten, 0)} of ${plans.length} random plans with the same number of followers and dropped layers`;
}
