import { checkLimits } from '../../plan/limits.ts';
import type { Sources, SpanLimits } from '../../plan/types.ts';

/** What a search step by step may do, and how far it goes. */
export interface GreedyTask {
	layers: number;
	limits: SpanLimits;
	/** Whether layers may be left out as well as follow. */
	dropping: boolean;
	/** What a plan saves, on whichever axis. */
	saved: (sources: Sources) => number;
	/** Saving at which it stops. */
	target: number;
}

/** Losses of plans that are one change away from `base`, in order. */
export type Measure = (base: Sources, plans: readonly Sources[]) => Promise<number[]>;

/** Sums of savings in another order differ in their last bits. */
const ROUNDING = 1e-9;

/**
 * Goes from the model as it is one layer at a time: of all single further changes, the whole plan being measured
 * with each, the one that adds the least loss for what it saves, as far as that is still wanted. null: no change
 * is left before the target is reached. Ties go to the lower layer, following before being left out.
 */
export async function greedyPlan(task: GreedyTask, measure: Measure): Promise<Sources | null> {
	checkLimits(task.limits, task.layers);
	let plan: Sources = Array.from({ length: task.layers }, (_, layer) => layer);
	let [loss] = await measure(plan, [plan]);
	for (;;) {
		const saved = task.saved(plan);
		const wanted = task.target - saved;
		if (wanted <= ROUNDING) return plan;
		const changed = changes(plan, task).filter((next) => task.saved(next) - saved > ROUNDING);
		if (changed.length === 0) return null;
		const losses = await measure(plan, changed);
		const prices = changed.map(
			(next, at) => (losses[at] - loss) / Math.min(wanted, task.saved(next) - saved)
		);
		const best = prices.indexOf(Math.min(...prices));
		[plan, loss] = [changed[best], losses[best]];
	}
}

/** Every plan in which one layer more follows the span or layer before it, or is left out. */
export function changes(
	plan: Sources,
	{ limits, dropping }: Pick<GreedyTask, 'limits' | 'dropping'>
): Sources[] {
	const { maxSpan, protectedLayers, reach } = limits;
	return plan.flatMap((own, layer) => {
		// A layer that others follow, or that others follow after, stays: spans are contiguous.
		const needed = own !== null && plan[layer + 1] === own;
		if (own === null || needed || protectedLayers.includes(layer)) return [];
		const changed: Sources[] = [];
		const source = layer > 0 ? plan[layer - 1] : null;
		const follows =
			own === layer &&
			source !== null &&
			!protectedLayers.includes(source) &&
			layer - source + 1 <= maxSpan &&
			reach[source] === reach[layer];
		if (follows) changed.push(plan.with(layer, source));
		if (dropping) changed.push(plan.with(layer, null));
		return changed;
	});
}
