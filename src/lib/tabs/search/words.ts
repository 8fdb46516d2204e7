import { AXIS_NAMES } from '$analysis/plan/axes.ts';
import type {
	PartLoss,
	PlanKind,
	SearchGoal,
	SearchReport
} from '$analysis/measure/search/types.ts';
import { formatShare, formatValue } from '$analysis/text/number.ts';
import { intervalText, signedText } from '$analysis/plan/words.ts';

export const KIND_NAMES: Readonly<Record<PlanKind, string>> = {
	share: 'shares',
	drop: 'leaves out',
	mixed: 'both',
	none: 'neither'
};

const added = (value: number) => signedText(value, formatValue);

/** "+0.126 [+0.101, +0.150]" */
export function partLossText({ loss, low, high }: PartLoss): string {
	return [added(loss), intervalText({ low, high }, added)].filter(Boolean).join(' ');
}

/** What was asked for: "4 followers", "at least 12.5 % of the K cache", "the most for +0.050 nats a token". */
export function goalText(goal: SearchGoal): string {
	if (goal.kind === 'followers')
		return `${goal.followers} ${goal.followers === 1 ? 'follower' : 'followers'}`;
	if (goal.kind === 'save')
		return `at least ${formatShare(goal.share)} of the ${AXIS_NAMES[goal.axis]}`;
	return `the most of the KV cache for ${added(goal.maxLossIncrease)} nats a token`;
}

/** The first sentence, and the rest. */
export function sentences(text: string): { first: string; rest: string } {
	const end = /[.:]\s+(?=[A-Z“])/.exec(text);
	if (end === null) return { first: text, rest: '' };
	const at = end.index + 1;
	return { first: text.slice(0, at), rest: text.slice(at).trim() };
}

/** How the plan does among random ones; null where there are none. */
export function randomText({ plans, beaten }: SearchReport['random']): string | null {
	if (beaten === null) return null;
	return `costs less than ${formatShare(beaten, 0)} of ${plans.length} random plans in which as many layers follow and are left out`;
}
