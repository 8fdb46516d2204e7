import type { PlannedLayers } from './forward.ts';

/** Counts the layers, from the first on, that two plans run in the same way. */
export function layersInCommon(one: PlannedLayers, other: PlannedLayers): number {
	const differs = one.sources.findIndex((_, layer) => !runsAlike(one, other, layer));
	return differs < 0 ? one.sources.length : differs;
}

/** The first layer that a plan changes; the number of layers where it changes none. */
export function firstChange({ sources }: Pick<PlannedLayers, 'sources'>): number {
	const changed = sources.findIndex((source, layer) => source !== layer);
	return changed < 0 ? sources.length : changed;
}

/**
 * Indices of plans in an order in which those that begin alike are neighbours: the baseline, then plans that drop first, then
 * those that follow first, by their source, whose attention is then worked out once for all of them.
 */
export function runningOrder(plans: readonly PlannedLayers[]): number[] {
	return [...plans.keys()].sort((a, b) => compare(plans[a], plans[b]) || a - b);
}

function compare(one: PlannedLayers, other: PlannedLayers): number {
	const [first, second] = [firstChange(one), firstChange(other)];
	const bySource = rankOf(one, first) - rankOf(other, second);
	if (bySource !== 0) return bySource;
	if (first !== second) return first - second;
	const differs = layersInCommon(one, other);
	if (differs === one.sources.length) return 0;
	const [key, otherKey] = [keyOf(one, differs), keyOf(other, differs)];
	if (key === otherKey) return 0;
	return key < otherKey ? -1 : 1;
}

function rankOf({ sources }: PlannedLayers, layer: number): number {
	if (layer === sources.length) return -2;
	return sources[layer] ?? -1;
}

/** Its own attention first, then dropped, then by source and head map. */
function keyOf({ sources, headMaps }: PlannedLayers, layer: number): string {
	const source = sources[layer];
	if (source === layer) return '0';
	if (source === null) return '1';
	return `2 ${String(source).padStart(5, '0')} ${JSON.stringify(headMaps?.[layer] ?? null)}`;
}

function runsAlike(one: PlannedLayers, other: PlannedLayers, layer: number): boolean {
	return (
		one.sources[layer] === other.sources[layer] &&
		one.repairs?.get(layer) === other.repairs?.get(layer) &&
		JSON.stringify(one.headMaps?.[layer] ?? null) ===
			JSON.stringify(other.headMaps?.[layer] ?? null)
	);
}
