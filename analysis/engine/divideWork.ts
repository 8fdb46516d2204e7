import type { PlannedLayers } from './forward.ts';
import { firstChange, layersInCommon, runningOrder } from './planOrder.ts';

/** Cost of a plan's losses, as a fraction of that of all layers: about that of a small model's vocabulary. */
const HEAD = 0.2;

/**
 * Divides the missing plans and windows among `count` streams of about equal work, [streams][plans][windows]. The
 * windows are laid end to end, on each its plans in running order, and the line is cut into stretches of equal work: a
 * stream has whole windows, and of one or two more the plans that begin alike.
 */
export function divideAmongStreams(
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
	const parts = Array.from({ length: count }, () => missing.map((row) => row.map(() => false)));
	let done = 0;
	for (const { plan, window, work } of line) {
		const stream = Math.min(count - 1, Math.floor((count * (done + work / 2)) / total));
		parts[stream][plan][window] = true;
		done += work;
	}
	return parts;
}

/** About what a plan takes after another one, in layers: from where it first differs from it, and from the baseline. */
function workOf(plan: PlannedLayers, last: PlannedLayers | null): number {
	const layers = plan.sources.length;
	const common = Math.max(firstChange(plan), last === null ? 0 : layersInCommon(plan, last));
	return layers - Math.min(common, layers - 1) + HEAD * layers;
}
