import type { PlannedLayers } from '../../engine/forward.ts';
import type { WindowAttention } from '../../engine/layout.ts';
import type { KeptWindow } from '../../engine/keptWindow.ts';

/** A plan as it is run, and what tells it from others. */
export interface PlanVariant extends PlannedLayers {
	/** Of the refitted weights; only where there are repairs. */
	repairHash?: string;
}

/** The model as it is. */
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

/**
 * The layer from which a plan must run where the states of `base` are known: the first in which they differ (the
 * last layer where they do not), or its source, whose attention is then there again.
 */
export function startLayer(variant: PlanVariant, base: PlanVariant): number {
	const { sources } = variant;
	const differs = sources.findIndex(
		(source, layer) =>
			source !== base.sources[layer] ||
			JSON.stringify(variant.headMaps?.[layer] ?? null) !==
				JSON.stringify(base.headMaps?.[layer] ?? null) ||
			variant.repairs?.get(layer) !== base.repairs?.get(layer)
	);
	const layer = differs < 0 ? sources.length - 1 : differs;
	return sources[layer] ?? layer;
}

/** What a layer does, in the order in which plans that begin alike are run: its own attention, none, another's. */
function rankOf(source: number | null, layer: number): number {
	if (source === layer) return 0;
	return source === null ? 1 : 2;
}

/** Sorts named plans so that those that begin alike are neighbours, and those that change nothing for longest come first. */
export function byBeginning(
	[oneName, one]: readonly [string, PlanVariant],
	[otherName, other]: readonly [string, PlanVariant]
): number {
	for (const [layer, source] of one.sources.entries()) {
		const order = rankOf(source, layer) - rankOf(other.sources[layer], layer);
		if (order !== 0) return order;
	}
	return oneName < otherName ? -1 : 1;
}

/** A window's room for probabilities as that of each source in turn: the spans of a plan are contiguous. */
export function attentionFor({ room }: KeptWindow, { sources }: PlanVariant): WindowAttention {
	const used = new Set(sources.filter((source, layer) => source !== layer));
	return {
		blocks: room.blocks,
		slots: sources.map((_, layer) => (used.has(layer) ? 0 : null))
	};
}
