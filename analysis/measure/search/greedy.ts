import { checkLimits } from '../../plan/limits.ts';
import type { Sources, SpanLimits } from '../../plan/types.ts';
import { mean } from '../../statistics/figures.ts';
import { isClearlyAbove, roundsOf } from './rounds.ts';

/** What a search step by step may do, and how far it goes. */
export interface GreedyTask {
	layers: number;
	limits: SpanLimits;
	/** Whether layers may be dropped as well as follow. */
	dropping: boolean;
	/** What a plan saves, on whichever axis. */
	saved: (sources: Sources) => number;
	/** Saving at which it stops. */
	target: number;
	/** Windows that plans are measured on. */
	windows: number;
}

/** What plans add to the loss of the baseline on each of the first `windows` windows, [plans][windows], in order. */
export type Measure = (
	plans: readonly Sources[],
	windows: number
) => Promise<readonly (readonly number[])[]>;

/** What a change of one layer, to `source` or to none (null), is known to add at least; null: nothing is known. */
export type Known = (layer: number, source: number | null) => number | null;

/** Sums of savings in another order differ in their last bits. */
const ROUNDING = 1e-9;
/** A change is taken to add at least this fraction of what it last added. */
const LEAST_OF_KNOWN = 0.7;
/** Changes that are measured together before it is looked whether the next can still be cheaper. */
const BATCH = 4;

/**
 * Goes from the baseline one layer at a time: of all single further changes, the whole plan being measured with each, the
 * one that adds the least loss for what it saves, as far as that is still wanted. null: no change is left before the
 * target is reached. Ties go to the lower layer, following before being dropped.
 *
 * With `known` a change is measured only as long as it may be the cheapest, if it adds not much less than it last did: the
 * more a plan changes, the more a further change costs (lazy evaluation, Minoux 1978; exact where that holds); and it is
 * measured on more and more windows, until it is clearly dearer than another (`cheapest`).
 */
export async function greedyPlan(
	task: GreedyTask,
	measure: Measure,
	known: Known | null = null
): Promise<Sources | null> {
	checkLimits(task.limits, task.layers);
	const rounds = known === null ? [task.windows] : roundsOf(task.windows);
	let plan: Sources = Array.from({ length: task.layers }, (_, layer) => layer);
	let losses: readonly number[] = new Array<number>(task.windows).fill(0);
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
		let best: Step | null = null;
		for (let first = 0; first < open.length;) {
			const price: number = best === null ? Infinity : mean(best.prices);
			const until = open.findIndex(({ least }, at) => at >= first && least > price);
			const end = until < 0 ? open.length : until;
			if (end === first) break;
			const unknown = open.findLastIndex(({ least }) => least === -Infinity) + 1;
			const batch = open.slice(first, Math.max(unknown, Math.min(end, first + BATCH)));
			const raced = await cheapest(batch, best, { losses, rounds, measure });
			for (const { key, gain, prices } of raced.measured) added.set(key, gain * mean(prices));
			best = raced.best;
			first += batch.length;
		}
		if (best === null) return null;
		const { next, gain, prices } = best;
		plan = next;
		losses = losses.map((loss, window) => loss + gain * prices[window]);
	}
}

/** One change more of a plan, by its place among all. */
interface Open {
	next: Sources;
	key: string;
	/** What it saves, as far as that is wanted. */
	gain: number;
	order: number;
}

/** A change that was measured: what it adds for what it saves on each window that it was measured on. */
interface Step extends Open {
	prices: readonly number[];
}

/**
 * The change that adds least for what it saves, of a batch and the `best` before it: each is measured on as many windows
 * as each of `rounds` has, until it is clearly dearer than the cheapest, paired by window (`isClearlyAbove`). The best is
 * measured on all. `losses`: what the plan adds that they are changes of, on each window.
 */
async function cheapest(
	batch: readonly Open[],
	best: Step | null,
	how: { losses: readonly number[]; rounds: readonly number[]; measure: Measure }
): Promise<{ best: Step | null; measured: readonly Step[] }> {
	const { losses, rounds, measure } = how;
	const measured = new Map<string, Step>();
	let open = batch;
	let leader = best;
	for (const windows of rounds) {
		const found = await measure(
			open.map(({ next }) => next),
			windows
		);
		const steps = open.map((change, at) => ({
			...change,
			prices: found[at].map((loss, window) => (loss - losses[window]) / change.gain)
		}));
		for (const step of steps) measured.set(step.key, step);
		const price = ({ prices }: Step) => mean(prices.slice(0, windows));
		const first = [...(best === null ? [] : [best]), ...steps].reduce((a, b) =>
			price(b) < price(a) || (price(b) === price(a) && b.order < a.order) ? b : a
		);
		leader = first;
		open = steps.filter(({ prices }) => {
			const values = prices.map((each, window) => each - first.prices[window]);
			return !isClearlyAbove([{ values, weight: 1 }]);
		});
		if (open.length === 0) break;
	}
	return { best: leader, measured: [...measured.values()] };
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
	const { maxSpan, protectedLayers, reach } = limits;
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
			reach[source] === reach[layer];
		if (follows) changed.push({ next: plan.with(layer, source), layer, source });
		if (dropping) changed.push({ next: plan.with(layer, null), layer, source: null });
		return changed;
	});
}
