import type { SavingAxis } from '../../plan/axes.ts';
import type { FrontPlan } from '../../plan/front.ts';
import type { Sources } from '../../plan/types.ts';
import type { PartMeter } from './lossMeter.ts';
import type { SearchGoal, SearchReport } from './types.ts';

/** Axis of a goal that names none. */
const DEFAULT_AXIS: SavingAxis = 'kvCache';

/** The axis in which savings are compared. */
export function axisOf(goal: SearchGoal): SavingAxis {
	return goal.kind === 'save' ? goal.axis : DEFAULT_AXIS;
}

/** The target of a goal that names one; null: of a loss it takes measured plans to know it. */
export function fixedTarget(
	goal: SearchGoal,
	savedByFollower: readonly number[]
): SearchReport['target'] | null {
	const axis = axisOf(goal);
	switch (goal.kind) {
		case 'save':
			return { axis, share: goal.share };
		case 'followers': {
			const least = savedByFollower.slice(1).sort((a, b) => a - b);
			return { axis, share: least.slice(0, goal.followers).reduce((sum, each) => sum + each, 0) };
		}
		case 'loss':
			return null;
	}
}

/**
 * Finds the target of a goal that is a loss: the largest saving among the plans of `fronts` that stay within that loss
 * on the choose part, and within `limit` of recall; 0 where none does.
 */
export async function targetOfLoss(
	{ maxLossIncrease }: Extract<SearchGoal, { kind: 'loss' }>,
	fronts: readonly FrontPlan[][],
	{ meter, recall, limit }: { meter: PartMeter; recall: PartMeter | null; limit: number }
): Promise<SearchReport['target']> {
	const keeps = async (plan: { sources: Sources }) => {
		const [{ loss }] = await meter.added('choose', [plan]);
		if (loss > maxLossIncrease) return false;
		const recalled = (await recall?.added('choose', [plan]))?.at(0);
		return recalled === undefined || recalled.loss <= limit;
	};
	let share = 0;
	for (const front of fronts)
		for (const { sources, saved } of front.toReversed()) {
			if (saved <= share) break;
			if (await keeps({ sources })) share = saved;
		}
	return { axis: DEFAULT_AXIS, share };
}
