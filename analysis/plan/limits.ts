import { InputError } from '../errors.ts';
import { spanScores } from './spans.ts';
import type { SpanLimits } from './types.ts';

/** Layers in a span at most, source included, where the user does not say. */
export const DEFAULT_MAX_SPAN = 4;

/** Spans of at most 4 layers; the first and the last layer are protected, where there are others. */
export function defaultLimits(slidingWindows: readonly (number | null)[]): SpanLimits {
	const protectedLayers = slidingWindows.length > 2 ? [0, slidingWindows.length - 1] : [];
	return { maxSpan: DEFAULT_MAX_SPAN, protectedLayers, slidingWindows };
}

/**
 * Throws InputError for a span length below 1, a protected layer that the model does not have, or sliding windows of
 * another number of layers.
 */
export function checkLimits(limits: SpanLimits, layers: number): void {
	if (!Number.isInteger(limits.maxSpan) || limits.maxSpan < 1)
		throw new InputError(
			`longest span: ${limits.maxSpan}; allowed: a whole number of layers, 1 or more`
		);
	for (const layer of limits.protectedLayers)
		if (!Number.isInteger(layer) || layer < 0 || layer >= layers)
			throw new InputError(
				`protected layer ${layer}: not in the model; allowed: 0 to ${layers - 1}`
			);
	if (limits.slidingWindows.length !== layers)
		throw new InputError(
			`sliding windows: ${limits.slidingWindows.length} layers; expected ${layers}`
		);
}

/**
 * Per layer, how many followers a span that begins there may have: bounded by its length, the last
 * layer, protected layers and the first layer with another sliding window. 0 for a protected layer.
 */
export function followersAllowed(limits: SpanLimits, layers: number): number[] {
	checkLimits(limits, layers);
	const isProtected = new Set(limits.protectedLayers);
	return Array.from({ length: layers }, (_, source) => {
		if (isProtected.has(source)) return 0;
		let count = 0;
		for (let layer = source + 1; layer < layers && count + 1 < limits.maxSpan; layer++) {
			if (isProtected.has(layer) || limits.slidingWindows[layer] !== limits.slidingWindows[source])
				break;
			count++;
		}
		return count;
	});
}

export interface RankedSpan {
	source: number;
	/** Layers, source included. */
	length: number;
	followers: number[];
	/** Mean and lowest similarity of the followers to the source. */
	mean: number;
	min: number;
}

/**
 * Every span the limits allow, by mean similarity, highest first; then by the lowest similarity, then
 * the longer one, then the lower source. `matrix` is [L, L], row: source.
 */
export function rankSpans(matrix: Float64Array, layers: number, limits: SpanLimits): RankedSpan[] {
	return followersAllowed(limits, layers)
		.flatMap((most, source) =>
			Array.from({ length: most }, (_, i): RankedSpan => {
				const followers = Array.from({ length: i + 1 }, (_, k) => source + 1 + k);
				return {
					source,
					length: followers.length + 1,
					followers,
					...spanScores(matrix, layers, source, followers)
				};
			})
		)
		.sort((a, b) => b.mean - a.mean || b.min - a.min || b.length - a.length || a.source - b.source);
}
