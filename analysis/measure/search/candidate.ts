import type { LayerHeadMaps } from '../../engine/forward.ts';
import type { LayerRepairs } from '../../engine/repair/repairs.ts';
import type { PlanRepair, Sources } from '../../plan/types.ts';
import type { PlanKind, Planner } from './types.ts';
import type { PlanVariant } from './variant.ts';

/** A plan and its planner; heads keep their places where no head maps are given. */
export interface MadePlan {
	maker: Planner;
	sources: Sources;
	headMaps?: LayerHeadMaps;
	/** Weight of recall damage under which it is an exact plan; not there: 0. */
	weight?: number;
}

/** A plan that is measured under its planner's name, plain or repaired. */
export interface Candidate extends MadePlan {
	repair: { layers: LayerRepairs; named: PlanRepair } | null;
}

/** Those whose plans may be chosen; the others are rivals. */
export const CHOOSABLE: readonly Planner[] = [
	'share',
	'drop',
	'mixed',
	'share-recall',
	'drop-recall',
	'mixed-recall',
	'greedy-share',
	'greedy',
	'share-matched'
];

export function mayBeChosen({ maker }: Pick<MadePlan, 'maker'>): boolean {
	return CHOOSABLE.includes(maker);
}

/**
 * Index of the plan that a candidate was made from: the same before repair, or with heads in their places; null: it was made
 * from none.
 */
export function madeFrom(candidates: readonly Candidate[], at: number): number | null {
	const { maker, repair } = candidates[at];
	if (repair === null && maker !== 'share-matched') return null;
	const of = repair === null ? 'share' : maker;
	const found = candidates.findIndex((each) => each.maker === of && each.repair === null);
	return found < 0 ? null : found;
}

export function nameOf(planner: Planner, repaired: boolean): string {
	return repaired ? `${planner} repaired` : planner;
}

/** Returns the stem of the names of a plan's files: "share repaired" is share-repaired. */
export function fileStem(name: string): string {
	return name.replaceAll(' ', '-');
}

export function kindOf(sources: Sources): PlanKind {
	const { followers, dropped } = countsOf(sources);
	if (followers > 0) return dropped > 0 ? 'mixed' : 'share';
	return dropped > 0 ? 'drop' : 'none';
}

/** Counts the layers that follow and those that are dropped. */
export function countsOf(sources: Sources): { followers: number; dropped: number } {
	const dropped = sources.filter((source) => source === null).length;
	const kept = sources.filter((source, layer) => source === layer).length;
	return { followers: sources.length - dropped - kept, dropped };
}

export function variantOf({ sources, headMaps, repair }: Candidate): PlanVariant {
	return {
		sources,
		...(headMaps && { headMaps }),
		...(repair && { repairs: repair.layers, repairHash: repair.named.sha256 })
	};
}
