import type { Sources, SpanLimits } from '../../analysis/plan/types.ts';

/**
 * Every plan the limits allow, layer after layer: each computes its own attention, joins the span before it
 * (`share`) or is dropped (`drop`).
 */
export function everyPlan(
	layers: number,
	limits: SpanLimits,
	allowed: { share: boolean; drop: boolean }
): Sources[] {
	const isFree = (layer: number) => !limits.protectedLayers.includes(layer);
	const joins = (layer: number, source: number | null | undefined) =>
		allowed.share &&
		typeof source === 'number' &&
		isFree(layer) &&
		isFree(source) &&
		layer - source + 1 <= limits.maxSpan &&
		limits.slidingWindows[layer] === limits.slidingWindows[source];
	let plans: Sources[] = [[]];
	for (let layer = 0; layer < layers; layer++)
		plans = plans.flatMap((plan) => {
			const source = plan.at(-1);
			return [
				[...plan, layer],
				...(source !== undefined && joins(layer, source) ? [[...plan, source]] : []),
				...(allowed.drop && isFree(layer) ? [[...plan, null]] : [])
			];
		});
	return plans;
}

/** Lexicographic order of plans; a dropped layer comes after one that is not. */
export function compareSources(a: Sources, b: Sources): number {
	const at = a.findIndex((source, layer) => source !== b[layer]);
	return at < 0 ? 0 : (a[at] ?? Infinity) < (b[at] ?? Infinity) ? -1 : 1;
}

/** Counts the layers that follow another. */
export function followersOf(plan: Sources): number {
	return plan.filter((source, layer) => source !== layer && source !== null).length;
}

/** Limits of all kinds: short and long spans, protected layers, layers with another sliding window. */
export function randomLimits(layers: number, random: () => number): SpanLimits {
	return {
		maxSpan: 1 + Math.floor(random() * 5),
		protectedLayers: Array.from({ length: layers }, (_, l) => l).filter(() => random() < 0.2),
		slidingWindows: Array.from({ length: layers }, () => (random() < 0.15 ? 4 : null))
	};
}
