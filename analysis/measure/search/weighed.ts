import type { SavedPerLayer } from '../../plan/axes.ts';
import { leastCost, paretoFront, type FrontPlan, type MeasuredCosts } from '../../plan/front.ts';
import type { Sources, SpanLimits } from '../../plan/types.ts';
import { RECALL_WEIGHTS } from './constants.ts';
import type { SearchDamage } from './damage.ts';
import type { PartMeter } from './lossMeter.ts';
import type { PartLoss } from './types.ts';

export const FRONT_KINDS = ['share', 'drop', 'mixed'] as const;
export type FrontKind = (typeof FRONT_KINDS)[number];

/** Inputs of the exact plans: measured damage, savings per layer and limits of spans. */
export interface Weighing {
	damage: SearchDamage;
	perLayer: SavedPerLayer;
	limits: SpanLimits;
}

export const ALLOWED: Record<FrontKind, { share: boolean; drop: boolean }> = {
	share: { share: true, drop: false },
	drop: { share: false, drop: true },
	mixed: { share: true, drop: true }
};

/**
 * The plans of a kind that no other beats in saving and in text damage + `weight` × recall damage, both summed over a
 * plan's parts as measured one by one: a Lagrangian of the least text damage within a limit of recall damage.
 */
export function weighedFront(
	kind: FrontKind,
	weight: number,
	{ damage, perLayer, limits }: Weighing
): FrontPlan[] {
	return paretoFront(costsOf(damage, weight), perLayer, limits, ALLOWED[kind]);
}

/** Text damage + `weight` × recall damage of every dropped layer and span. */
function costsOf({ drop, recallDrop, spans }: SearchDamage, weight: number): MeasuredCosts {
	const weigh = (text: number | null, recall: number | null | undefined): number | null => {
		if (weight === 0 || text === null) return text;
		return recall === null || recall === undefined ? null : text + weight * recall;
	};
	const measured = new Map(
		spans.map((span) => [`${span.source} ${span.last}`, weigh(span.measured, span.recall)])
	);
	return {
		drop: drop.map((text, layer) => weigh(text, recallDrop?.[layer])),
		span: (source, last) => measured.get(`${source} ${last}`) ?? null
	};
}

/** An exact plan with the weight under which it is one. */
export interface WeighedPlan {
	sources: Sources;
	weight: number;
}

/** The exact plans of a kind that save at least `fraction`, one for each weight, without those that come again. */
export function weighedPlans(kind: FrontKind, fraction: number, weighing: Weighing): WeighedPlan[] {
	const plans = new Map<string, WeighedPlan>();
	for (const weight of RECALL_WEIGHTS) {
		const found = leastCost(weighedFront(kind, weight, weighing), fraction);
		if (found === null) continue;
		const key = JSON.stringify(found.sources);
		if (!plans.has(key)) plans.set(key, { sources: found.sources, weight });
	}
	return [...plans.values()];
}

/**
 * Of some plans the one that adds least loss among those that keep recall within `limit`, both measured on the choose
 * part; where none does, the one that keeps most of it. null: there are none.
 */
export async function keepingRecall<Plan extends { sources: Sources }>(
	plans: readonly Plan[],
	{ meter, recall, limit }: { meter: PartMeter; recall: PartMeter; limit: number }
): Promise<Plan | null> {
	if (plans.length === 0) return null;
	const losses = await meter.added('choose', plans);
	const cheapestFirst = [...plans.keys()].sort((a, b) => losses[a].loss - losses[b].loss);
	const recalls = new Array<PartLoss>(plans.length);
	for (const index of cheapestFirst) {
		[recalls[index]] = await recall.added('choose', [plans[index]]);
		// What is dearer on text need not be asked.
		if (recalls[index].loss <= limit) return plans[index];
	}
	return plans[bestWithin(losses, recalls, limit)];
}

/** Index of the least loss among those within the limit of recall, or else of the least recall increase. */
export function bestWithin(
	losses: readonly PartLoss[],
	recalls: readonly PartLoss[] | null,
	limit: number
): number {
	const all = losses.map((_, index) => index);
	const within = all.filter((index) => recalls === null || recalls[index].loss <= limit);
	const least = (indices: readonly number[], of: (index: number) => number) =>
		indices.reduce((best, index) => (of(index) < of(best) ? index : best));
	if (within.length > 0) return least(within, (index) => losses[index].loss);
	return least(all, (index) => recalls?.[index].loss ?? 0);
}
