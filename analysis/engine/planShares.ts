import type { PlannedLayers } from './forward.ts';
import { firstChange, layersInCommon, runningOrder } from './planOrder.ts';

/** What the losses of a plan cost beside its layers, as a fraction of all of them: about that of a small model's vocabulary. */
const HEAD = 0.2;

/**
 * Which plans each of `count` streams runs on which windows, [streams][plans][windows], so that all have about as much to do.
 * The windows are laid end to end, on each its plans in running order, and what they take is cut into equal stretches: a
 * stream has whole windows, and of one or two more the plans that begin alike.
 */
export function sharesOf(
	missing: readonly (readonly boolean[])[],
	plans: readonly PlannedLayers[],
	count: number
): boolean[][][] {
	const order = runningOrder(plans);
	const windows = Array.from({ length: missing.at(0)?.length ?? 0 }, (_, window) => window);
	const line = windows.flatMap((window) => {
		const wanted = order.filter((plan) => missing[plan][window]);
		return wanted.map((plan, at) => ({
			plan,
			window,
			work: workOf(plans[plan], at === 0 ? null : plans[wanted[at - 1]])
		}));
	});
	const total = line.reduce((sum, { work }) => sum + work, 0);
	const shares = Array.from({ length: count }, () => missing.map((row) => row.map(() => false)));
	let done = 0;
	for (const { plan, window, work } of line) {
		const stream = Math.min(count - 1, Math.floor((count * (done + work / 2)) / total));
		shares[stream][plan][window] = true;
		done += work;
	}
	return shares;
}

/** About what a plan takes after another one, in layers: from where it first differs from it, and from the baseline. */
function workOf(plan: PlannedLayers, last: PlannedLayers | null): number {
	const layers = plan.sources.length;
	const common = Math.max(firstChange(plan), last === null ? 0 : layersInCommon(plan, last));
	return layers - Math.min(common, layers - 1) + HEAD * layers;
}
