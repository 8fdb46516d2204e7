import { InvalidArgumentError } from 'commander';
import { InputError } from '../analysis/errors.ts';
import { SAVING_AXES, type SavingAxis } from '../analysis/plan/axes.ts';
import type { SearchGoal } from '../analysis/measure/search/types.ts';

/** The flags of which exactly one says what is wanted. */
export interface GoalFlags {
	followers?: number;
	save?: { axis: SavingAxis; share: number };
	maxLossIncrease?: number;
}

/** Throws InputError unless exactly one goal was named. */
export function goalOf({ followers, save, maxLossIncrease }: GoalFlags): SearchGoal {
	const goals: SearchGoal[] = [];
	if (followers !== undefined) goals.push({ kind: 'followers', followers });
	if (save !== undefined) goals.push({ kind: 'save', ...save });
	if (maxLossIncrease !== undefined) goals.push({ kind: 'loss', maxLossIncrease });
	if (goals.length !== 1) {
		const found = goals.length === 0 ? 'none' : goals.length;
		throw new InputError(
			`goal: ${found} given; expected exactly one of --followers, --save and --max-loss-increase`
		);
	}
	return goals[0];
}

/** "kCache=12%" or "kCache=0.12". */
export function saving(text: string): { axis: SavingAxis; share: number } {
	const [, name, number, percent] =
		/^(\w+)=(\d+(?:\.\d+)?)(%?)$/.exec(text.replaceAll(' ', '')) ?? [];
	const axis = SAVING_AXES.find((each) => each === name);
	if (axis === undefined) {
		throw new InvalidArgumentError(
			`expected an axis and a share, such as kCache=12%; axes: ${SAVING_AXES.join(', ')}`
		);
	}
	const share = Number(number) / (percent === '' ? 1 : 100);
	if (!(share > 0 && share <= 1)) {
		throw new InvalidArgumentError(
			`found ${number}${percent}; allowed: more than 0%, at most 100%`
		);
	}
	return { axis, share };
}
