import { InputError } from '../../errors.ts';
import { SAVING_AXES } from '../../plan/axes.ts';
import { checkLimits } from '../../plan/limits.ts';
import { mostFollowers } from '../../plan/search.ts';
import type { SpanLimits } from '../../plan/types.ts';
import type { SearchGoal, SearchRequest } from './types.ts';

/** A source and a follower. */
const LEAST_SPAN = 2;

/** Throws InputError for a goal that no plan can have, and for limits and counts that mean nothing. */
export function checkSearch(request: SearchRequest, limits: SpanLimits): void {
	const layers = limits.slidingWindows.length;
	checkCount('longest span', limits.maxSpan, LEAST_SPAN);
	checkLimits(limits, layers);
	checkCount('random plans', request.randomPlans, 0);
	if (request.shortlist !== null) checkCount('shortlist', request.shortlist, 1);
	const { maxRecallIncrease = 0 } = request;
	if (!(Number.isFinite(maxRecallIncrease) && maxRecallIncrease >= 0))
		throw new InputError(`recall increase: ${maxRecallIncrease}; allowed: nats/token, 0 or more`);
	checkGoal(request.goal, limits);
}

function checkGoal(goal: SearchGoal, limits: SpanLimits): void {
	switch (goal.kind) {
		case 'followers': {
			const layers = limits.slidingWindows.length;
			const most = mostFollowers(limits, layers);
			const { followers } = goal;
			if (!Number.isInteger(followers) || followers < 1 || followers > most)
				throw new InputError(
					`followers: ${followers}; at least 1, and at most ${most} fit (${layers} layers, spans of at most ${limits.maxSpan}, protected: ${limits.protectedLayers.join(', ') || 'none'})`
				);
			return;
		}
		case 'save': {
			const { axis, share } = goal;
			if (!SAVING_AXES.includes(axis))
				throw new InputError(`saving of ${axis}; allowed: ${SAVING_AXES.join(', ')}`);
			if (!(share > 0 && share <= 1))
				throw new InputError(
					`saving: ${share * 100}% of ${axis}; allowed: more than 0%, at most 100%`
				);
			return;
		}
		case 'loss':
			if (!(Number.isFinite(goal.maxLossIncrease) && goal.maxLossIncrease >= 0))
				throw new InputError(
					`loss increase: ${goal.maxLossIncrease}; allowed: nats/token, 0 or more`
				);
	}
}

function checkCount(name: string, value: number, least: number): void {
	if (!(Number.isInteger(value) && value >= least))
		throw new InputError(`${name}: ${value}; allowed: a whole number, ${least} or more`);
}
