import { InputError } from '../errors.ts';
import type { HeadMap, Sources, Span } from './types.ts';

/** Layers of a span: a source and the contiguous layers after it that reuse its attention weights. */
export type SpanLayers = Pick<Span, 'source' | 'followers'>;

/**
 * Throws InputError where `sources` is no plan: a wrong number of layers, a source that is no layer,
 * comes after its follower or is itself a follower or dropped, or followers that are not contiguous.
 */
export function checkSources(sources: Sources, layers?: number): void {
	if (layers !== undefined && sources.length !== layers)
		throw new InputError(`sources: ${sources.length} layers; expected ${layers}`);
	sources.forEach((source, layer) => {
		if (source === null || source === layer) return;
		if (!Number.isInteger(source) || source < 0 || source >= sources.length)
			throw new InputError(
				`layer ${layer}: source ${source}; allowed: null, or a layer from 0 to ${layer}`
			);
		if (source > layer)
			throw new InputError(
				`layer ${layer}: source ${source} comes after its follower; allowed: 0 to ${layer}`
			);
		if (sources[source] === null)
			throw new InputError(
				`layer ${layer}: source ${source} is dropped; a source computes its own attention`
			);
		if (sources[source] !== source)
			throw new InputError(
				`layer ${layer}: source ${source} is itself a follower of ${sources[source]}; a source computes its own attention`
			);
		if (sources[layer - 1] !== source)
			throw new InputError(
				`layer ${layer}: follows ${source}, but layer ${layer - 1} does not; the layers of a span are contiguous`
			);
	});
}

/** The spans of a plan, in order: every source that has followers, with them. `sources` must be a plan. */
export function spansOf(sources: Sources): SpanLayers[] {
	const spans = new Map<number, number[]>();
	sources.forEach((source, layer) => {
		if (source === null || source === layer) return;
		spans.set(source, [...(spans.get(source) ?? []), layer]);
	});
	return [...spans].map(([source, followers]) => ({ source, followers }));
}

/** The plan of `layers` layers with these spans; every other layer computes its own attention. */
export function sourcesOf(spans: readonly SpanLayers[], layers: number): Sources {
	const sources: Sources = Array.from({ length: layers }, (_, layer) => layer);
	const used = new Set<number>();
	for (const { source, followers } of spans)
		for (const layer of [source, ...followers]) {
			if (!Number.isInteger(layer) || layer < 0 || layer >= layers)
				throw new InputError(`span of ${source}: layer ${layer}; allowed: 0 to ${layers - 1}`);
			if (used.has(layer)) throw new InputError(`layer ${layer}: in two spans; allowed: one`);
			used.add(layer);
			sources[layer] = source;
		}
	checkSources(sources);
	return sources;
}

/** Throws InputError where `spans` says something else than `sources`. */
export function checkSpansAgree(sources: Sources, spans: readonly SpanLayers[]): void {
	const words = (list: readonly SpanLayers[]) =>
		list
			.map(({ source, followers }) => `${source}: ${followers.join(', ')}`)
			.sort()
			.join('; ');
	const [found, expected] = [words(spans), words(spansOf(sources))];
	if (found !== expected)
		throw new InputError(
			`spans and sources disagree: spans say (${found}); sources say (${expected})`
		);
}

/**
 * The spans of a plan with head maps and scores. `matrix` [L, L] is the similarity the plan was made
 * from (row: source), or null where there is none; `headMap(source, follower)` gives the source's head
 * for each of the follower's heads, for cosine-matched; without it, heads keep their places.
 */
export function planSpans(
	sources: Sources,
	matrix: Float64Array | null,
	headMap?: (source: number, follower: number) => number[]
): Span[] {
	const layers = sources.length;
	return spansOf(sources).map(({ source, followers }) => ({
		source,
		followers,
		headMap: headMap
			? followers.map((follower) => headMap(source, follower))
			: ('identity' satisfies HeadMap),
		score: matrix && spanScores(matrix, layers, source, followers).mean
	}));
}

/** Per layer, the source's head for each of a follower's heads; null where heads keep their places. */
export function headMapsOf(
	spans: readonly Pick<Span, 'followers' | 'headMap'>[],
	layers: number
): (number[] | null)[] {
	const maps = Array.from({ length: layers }, (): number[] | null => null);
	for (const { followers, headMap } of spans) {
		if (headMap === 'identity') continue;
		for (const [index, follower] of followers.entries()) maps[follower] = headMap[index];
	}
	return maps;
}

/** Mean and lowest similarity of the followers to their source. */
export function spanScores(
	matrix: Float64Array,
	layers: number,
	source: number,
	followers: readonly number[]
): { mean: number; min: number } {
	const similarities = followers.map((follower) => matrix[source * layers + follower]);
	return {
		mean: similarities.reduce((sum, value) => sum + value, 0) / similarities.length,
		min: Math.min(...similarities)
	};
}
