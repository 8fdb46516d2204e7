import type { Sources } from '../../plan/types.ts';

/**
 * Computes the number of layers that a plan must drop to save at least as much of the KV cache as another. A follower
 * saves its keys, a dropped layer keys and values.
 */
export function dropsAtEqualSavings(sources: Sources): number {
	const followers = sources.filter((source, layer) => source !== null && source !== layer).length;
	const dropped = sources.filter((source) => source === null).length;
	return Math.ceil(followers / 2) + dropped;
}

/** Returns true if a plan has a rival that drops. A plan without followers has none: it would be its own rival. */
export function hasRival(sources: Sources): boolean {
	return sources.some((source, layer) => source !== null && source !== layer);
}

/** Drops the `count` layers whose drop by itself costs least loss; of equal ones the earlier. */
export function cheapestDrops(lossOfDrop: readonly number[], count: number): Sources {
	const order = lossOfDrop.map((_, layer) => layer);
	order.sort((a, b) => lossOfDrop[a] - lossOfDrop[b] || a - b);
	const dropped = new Set(order.slice(0, count));
	return lossOfDrop.map((_, layer) => (dropped.has(layer) ? null : layer));
}
