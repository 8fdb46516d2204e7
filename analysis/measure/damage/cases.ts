import type { LayerSources } from '../../engine/forward.ts';
import type { Pair } from '../../engine/plans.ts';

/** The sliding window of each layer; layers whose windows differ are never paired. */
type SlidingWindows = readonly (number | null)[];

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

/** Every source before every follower, whatever their sliding windows. */
export function allPairs(layers: number): { source: number; follower: number }[] {
	return Array.from({ length: layers }, (_, source) =>
		Array.from({ length: layers - source - 1 }, (_, i) => ({ source, follower: source + 1 + i }))
	).flat();
}

/** Every span of 2 to `maxSpan` layers, source included, whatever their sliding windows. */
export function allSpans(layers: number, maxSpan: number): { source: number; last: number }[] {
	return allPairs(layers)
		.filter(({ source, follower }) => follower - source + 1 <= maxSpan)
		.map(({ source, follower }) => ({ source, last: follower }));
}

/** The pair as a case; null where the layers' sliding windows differ. */
export function pairCase(
	slidingWindows: SlidingWindows,
	source: number,
	follower: number
): SharingCase | null {
	return slidingWindows[source] === slidingWindows[follower]
		? { source, first: follower, last: follower }
		: null;
}

/** The span as a case; null where a layer of it has another sliding window than its source. */
export function spanCase(
	slidingWindows: SlidingWindows,
	source: number,
	last: number
): SharingCase | null {
	const alike = slidingWindows
		.slice(source, last + 1)
		.every((each) => each === slidingWindows[source]);
	return alike ? { source, first: source + 1, last } : null;
}

/** Cases of one source: the spans that begin there, shortest first, and the pairs that are not spans. */
export interface SourceCases {
	spans: SharingCase[];
	pairs: SharingCase[];
}

export function casesOfSource(
	slidingWindows: SlidingWindows,
	source: number,
	maxSpan: number
): SourceCases {
	const spans = allSpans(slidingWindows.length, maxSpan).flatMap((span) => {
		const found = span.source === source ? spanCase(slidingWindows, source, span.last) : null;
		return found === null ? [] : [found];
	});
	const names = new Set(spans.map(sharingName));
	const pairs = allPairs(slidingWindows.length).flatMap((pair) => {
		const found = pair.source === source ? pairCase(slidingWindows, source, pair.follower) : null;
		return found === null || names.has(sharingName(found)) ? [] : [found];
	});
	return { spans, pairs };
}

/** A case as it is run. */
export interface Case {
	name: string;
	sources: LayerSources;
	stage: 'baseline' | 'dropping' | 'sharing';
	/** Source and follower where one layer follows one other; else null. */
	pair: Pair | null;
}

/** Every case, the baseline among them. */
export function casesOf(slidingWindows: SlidingWindows, maxSpan: number): Case[] {
	const own = [...slidingWindows.keys()];
	const sharing = own.flatMap((layer) => {
		const { spans, pairs } = casesOfSource(slidingWindows, layer, maxSpan);
		return [...spans, ...pairs].map((each): Case => {
			const { source, first, last } = each;
			return {
				name: sharingName(each),
				sources: own.map((of) => (of >= first && of <= last ? source : of)),
				stage: 'sharing',
				pair: first === last ? { source, follower: last } : null
			};
		});
	});
	return [
		{ name: BASELINE, sources: own, stage: 'baseline', pair: null },
		...own.map((layer): Case => ({
			name: dropName(layer),
			sources: own.map((of) => (of === layer ? null : of)),
			stage: 'dropping',
			pair: null
		})),
		...sharing
	];
}

/** Every case but the baseline, with the layer evaluations that it takes beyond what it shares with others. */
export function costsOfCases(slidingWindows: SlidingWindows, maxSpan: number): Map<string, number> {
	const layers = slidingWindows.length;
	const costs = new Map<string, number>();
	for (let layer = 0; layer < layers; layer++) {
		costs.set(dropName(layer), layers - layer);
		const { spans, pairs } = casesOfSource(slidingWindows, layer, maxSpan);
		// A span's layers before its last were run for the span that is one layer shorter.
		for (const each of [...spans, ...pairs]) costs.set(sharingName(each), layers - each.last);
	}
	return costs;
}

/**
 * Layer evaluations of one window of text, or of one probe, which has no output errors. `done`: the baseline, every source
 * once more for its attention, of each case only what no other case has run, and the output errors' pass, which keeps the
 * baseline's states; `naive`: every case, the baseline included, from the first layer to the last.
 */
export function evaluationsOfWindow(
	slidingWindows: SlidingWindows,
	maxSpan: number
): { text: number; probe: number; naive: number } {
	const layers = slidingWindows.length;
	const costs = costsOfCases(slidingWindows, maxSpan);
	const ofCases = [...costs.values()].reduce((sum, cost) => sum + cost, 0);
	const own = sourcesOf(slidingWindows).length + ofCases;
	const pairs = outputEvaluations(slidingWindows);
	const probe = layers + own;
	return { text: pairs.all + layers - pairs.kept + own, probe, naive: (1 + costs.size) * layers };
}

/** Layer evaluations of one window for the output errors of all pairs, and how many of them are the baseline's first layers. */
export function outputEvaluations(slidingWindows: SlidingWindows): { all: number; kept: number } {
	const followers = allPairs(slidingWindows.length).flatMap(({ source, follower }) =>
		pairCase(slidingWindows, source, follower) === null ? [] : [follower]
	);
	const named = new Set([...sourcesOf(slidingWindows), ...followers]);
	const kept = Math.max(0, ...named);
	return { all: kept + named.size, kept };
}

/** Layers that another may follow. */
export function sourcesOf(slidingWindows: SlidingWindows): number[] {
	return [...slidingWindows.keys()].filter((source) =>
		slidingWindows.some(
			(_, follower) => follower > source && pairCase(slidingWindows, source, follower) !== null
		)
	);
}
