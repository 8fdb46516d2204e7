import type { PlannedLayers } from '../../engine/forward.ts';

/** A plan as it is run, and what tells it from others. */
export interface PlanVariant extends PlannedLayers {
	/** Of the refitted weights; only where there are repairs. */
	repairHash?: string;
}

/** The baseline. */
export function identity(layers: number): PlanVariant {
	return { sources: Array.from({ length: layers }, (_, layer) => layer) };
}

/** The same for plans that run alike: "plan 0 1 1 - 4", with head maps and repair where there are any. */
export function caseName({ sources, headMaps, repairHash }: PlanVariant): string {
	const words = ['plan', ...sources.map((source) => source ?? '-')];
	if (headMaps?.some((map) => map !== null)) words.push('heads', JSON.stringify(headMaps));
	if (repairHash !== undefined) words.push('repaired', repairHash);
	return words.join(' ');
}
