/** The reach of each layer's attention; layers of different reach are never paired. */
type Reach = readonly (number | null)[];

/** Layers `first` … `last` reuse the attention of `source`, which lies before them. */
export interface SharingCase {
	source: number;
	first: number;
	last: number;
}

/** Names of results, as the progress file has them. A span of two layers is the pair. */
export const BASELINE = 'baseline';
export const dropName = (layer: number): string => `drop ${layer}`;
export function sharingName({ source, first, last }: SharingCase): string {
	return `share ${source} with ${first === last ? first : `${first}-${last}`}`;
}

/** Every source before every follower, whatever their reach. */
export function allPairs(layers: number): { source: number; follower: number }[] {
	return Array.from({ length: layers }, (_, source) =>
		Array.from({ length: layers - source - 1 }, (_, i) => ({ source, follower: source + 1 + i }))
	).flat();
}

/** Every span of 2 to `maxSpan` layers, source included, whatever their reach. */
export function allSpans(layers: number, maxSpan: number): { source: number; last: number }[] {
	return allPairs(layers)
		.filter(({ source, follower }) => follower - source + 1 <= maxSpan)
		.map(({ source, follower }) => ({ source, last: follower }));
}

/** The pair as a case; null where the layers differ in reach. */
export function pairCase(reach: Reach, source: number, follower: number): SharingCase | null {
	return reach[source] === reach[follower] ? { source, first: follower, last: follower } : null;
}

/** The span as a case; null where a layer of it differs from its source in reach. */
export function spanCase(reach: Reach, source: number, last: number): SharingCase | null {
	const alike = reach.slice(source, last + 1).every((each) => each === reach[source]);
	return alike ? { source, first: source + 1, last } : null;
}

/** What is measured of one source: the spans that begin there, shortest first, and the pairs that are none. */
export interface SourceCases {
	spans: SharingCase[];
	pairs: SharingCase[];
}

export function casesOfSource(reach: Reach, source: number, maxSpan: number): SourceCases {
	const spans = allSpans(reach.length, maxSpan).flatMap((span) => {
		const found = span.source === source ? spanCase(reach, source, span.last) : null;
		return found === null ? [] : [found];
	});
	const names = new Set(spans.map(sharingName));
	const pairs = allPairs(reach.length).flatMap((pair) => {
		const found = pair.source === source ? pairCase(reach, source, pair.follower) : null;
		return found === null || names.has(sharingName(found)) ? [] : [found];
	});
	return { spans, pairs };
}

/** Every case but the baseline, with the layer evaluations that it takes beyond what it shares with others. */
export function costsOfCases(reach: Reach, maxSpan: number): Map<string, number> {
	const layers = reach.length;
	const costs = new Map<string, number>();
	for (let layer = 0; layer < layers; layer++) {
		costs.set(dropName(layer), layers - layer);
		const { spans, pairs } = casesOfSource(reach, layer, maxSpan);
		// A span's layers before its last were run for the span that is one layer shorter.
		for (const each of [...spans, ...pairs]) costs.set(sharingName(each), layers - each.last);
	}
	return costs;
}

/**
 * Layer evaluations of one window. `done`: the baseline, every layer once more for the attention of a source,
 * and of each case only what no other case has run; `naive`: every case, the baseline included, from the first
 * layer to the last.
 */
export function evaluationsOfWindow(
	reach: Reach,
	maxSpan: number
): { done: number; naive: number } {
	const layers = reach.length;
	const costs = costsOfCases(reach, maxSpan);
	const ofCases = [...costs.values()].reduce((sum, cost) => sum + cost, 0);
	return { done: 2 * layers + ofCases, naive: (1 + costs.size) * layers };
}
