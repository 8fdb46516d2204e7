import type { Sources } from '../../plan/types.ts';
import { mean } from '../../statistics/figures.ts';
import type { LossMeter } from './lossMeter.ts';
import { isClearlyAbove, roundsOf } from './rounds.ts';
import type { PlanVariant } from './variant.ts';

/** Most random plans cost so much more that two windows tell, whatever Student's t asks of two. */
const FIRST_WINDOWS = 2;

/**
 * Measures the loss increase of random plans on the report part, beside `plan`: each on more and more windows until its
 * difference from the plan, paired by window, is clear, or, `exhaustive`, on all. Its loss is the plan's plus that
 * difference.
 */
export async function randomLosses(
	random: readonly { sources: Sources }[],
	plan: PlanVariant,
	{ meter, exhaustive }: { meter: LossMeter; exhaustive: boolean }
): Promise<number[]> {
	const count = meter.count('report');
	const [own] = await meter.addedOnFirst('report', [plan], count);
	const losses = random.map(() => 0);
	let open = [...random.keys()];
	for (const windows of exhaustive ? [count] : roundsOf(count, FIRST_WINDOWS)) {
		const plans = open.map((index) => random[index]);
		const byWindow = await meter.addedOnFirst('report', plans, windows);
		const differences = byWindow.map((deltas) => deltas.map((delta, at) => delta - own[at]));
		for (const [at, index] of open.entries()) losses[index] = mean(own) + mean(differences[at]);
		const isOpen = (values: readonly number[]) =>
			![1, -1].some((weight) => isClearlyAbove([{ values, weight }]));
		open = open.filter((_, at) => isOpen(differences[at]));
	}
	return losses;
}
