import { checkLimits } from '../../plan/limits.ts';
import type { Sources, SpanLimits } from '../../plan/types.ts';

/** Limits and target of a search step by step. */
export interface GreedyTask {
	layers: number;
	limits: SpanLimits;
	/** True if layers may be dropped as well as follow. */
	dropping: boolean;
	/** Returns the saving of a plan, on whichever axis. */
	saved: (sources: Sources) => number;
	/** Saving at which it stops. */
	target: number;
}

/** Losses of plans that are one change away from one another, in order. */
export type Measure = (plans: readonly Sources[]) => Promise<number[]>;

/** Least loss that a change of one layer, to `source` or to none (null), is known to add; null: nothing is known. */
export type Known = (layer: number, source: number | null) => number | null;

/** Sums of savings in another order differ in their last bits. */
const ROUNDING = 1e-9;
/** A change is taken to add at least this fraction of what it last added. */
const LEAST_OF_KNOWN = 0.85;
/** Changes that are measured together before it is looked whether the next can still be cheaper. */
const BATCH = 2;

/**
 * Goes from the baseline one layer at a time: of all single further changes, the whole plan being measured with each, the
 * one that adds the least loss for what it saves, as far as that is still wanted. null: no change is left before the
 * target is reached. Ties go to the lower layer, following before being dropped.
 *
 * With `known` a change is measured only as long as it may be the cheapest, if it adds not much less than it last did: the
 * more a plan changes, the more a further change costs (lazy evaluation, Minoux 1978; exact where that holds).
 */
export async function greedyPlan(
	task: GreedyTask,
	measure: Measure,
	known: Known | null = null
): Promise<Sources | null> {
	checkLimits(task.limits, task.layers);
	let plan: Sources = Array.from({ length: task.layers }, (_, layer) => layer);
	let [loss] = await measure([plan]);
	const added = new Map<string, number>();
	for (;;) {
		const saved = task.saved(plan);
		const wanted = task.target - saved;
		if (wanted <= ROUNDING) return plan;
		const open = changes(plan, task)
			.filter(({ next }) => task.saved(next) - saved > ROUNDING)
			.map(({ next, layer, source }, order) => {
				const key = `${layer} ${source ?? '-'}`;
				const gain = Math.min(wanted, task.saved(next) - saved);
				const last = known && (added.get(key) ?? known(layer, source));
				const least = last === null ? -Infinity : (last * LEAST_OF_KNOWN) / gain;
				return { next, key, gain, order, least };
			})
			.sort((a, b) => a.least - b.least || a.order - b.order);
		let best: { next: Sources; loss: number; price: number; order: number } | null = null;
		for (let first = 0; first < open.length;) {
			const price: number = best?.price ?? Infinity;
			const until = open.findIndex(({ least }, at) => at >= first && least > price);
			const end = until < 0 ? open.length : until;
			if (end === first) break;
			const unknown = open.findLastIndex(({ least }) => least === -Infinity) + 1;
			const batch = open.slice(first, Math.max(unknown, Math.min(end, first + BATCH)));
			const losses = await measure(batch.map(({ next }) => next));
			for (const [at, { next, key, gain, order }] of batch.entries()) {
				added.set(key, losses[at] - loss);
				const price = (losses[at] - loss) / gain;
				if (best === null || price < best.price || (price === best.price && order < best.order))
					best = { next, loss: losses[at], price, order };
			}
			first += batch.length;
		}
		if (best === null) return null;
		[plan, loss] = [best.next, best.loss];
	}
}

/** A plan with one layer changed, to `source`. */
interface Change {
	next: Sources;
	layer: number;
	source: number | null;
}

/** Every plan in which one layer more follows the span or layer before it, or is dropped. */
export function changes(
	plan: Sources,
	{ limits, dropping }: Pick<GreedyTask, 'limits' | 'dropping'>
): Change[] {
	const { maxSpan, protectedLayers, slidingWindows } = limits;
	return plan.flatMap((own, layer) => {
		// A layer that others follow, or that others follow after, stays: spans are contiguous.
		const needed = own !== null && plan[layer + 1] === own;
		if (own === null || needed || protectedLayers.includes(layer)) return [];
		const changed: Change[] = [];
		const source = layer > 0 ? plan[layer - 1] : null;
		const follows =
			own === layer &&
			source !== null &&
			!protectedLayers.includes(source) &&
			layer - source + 1 <= maxSpan &&
			slidingWindows[source] === slidingWindows[layer];
		if (follows) changed.push({ next: plan.with(layer, source), layer, source });
		if (dropping) changed.push({ next: plan.with(layer, null), layer, source: null });
		return changed;
	});
}
