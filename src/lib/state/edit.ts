import type { Span } from '$analysis/plan/types.ts';
import type { Range } from './url.ts';

/** Spans with one more, or with the one that began at `replaced` changed; any span it runs into goes. */
export function withSpan(spans: readonly Range[], span: Range, replaced: number | null): Range[] {
	return spans
		.filter(({ first }) => first !== replaced)
		.filter(({ first, last }) => last < span.first || first > span.last)
		.concat(span)
		.sort((a, b) => a.first - b.first);
}

/** Spans without the one that begins at `first`. */
export function withoutSpan(spans: readonly Range[], first: number): Range[] {
	return spans.filter((span) => span.first !== first);
}

/** Describes in one line the spans replaced and dropped layers restored by adding or changing a span; null: none. */
export function replacedWords(
	spans: readonly Range[],
	dropped: readonly number[],
	span: Range,
	replaced: number | null
): string | null {
	const kept = withSpan(spans, span, replaced);
	const gone = spans.filter((other) => other.first !== replaced && !kept.includes(other));
	const restored = dropped.filter((layer) => layer >= span.first && layer <= span.last);
	const parts = [
		...(gone.length === 0
			? []
			: [`replaced ${plural('span', gone.length)} ${listed(gone.map(rangeWords))}`]),
		...(restored.length === 0
			? []
			: [`restored the attention of ${plural('layer', restored.length)} ${listed(restored)}`])
	];
	return parts.length === 0 ? null : `Span ${rangeWords(span)} ${parts.join(' and ')}.`;
}

function rangeWords({ first, last }: Range): string {
	return `${first}–${last}`;
}

function plural(noun: string, count: number): string {
	return count === 1 ? noun : `${noun}s`;
}

function listed(words: readonly (string | number)[]): string {
	const [last, ...rest] = words.toReversed();
	return rest.length === 0 ? `${last}` : `${rest.toReversed().join(', ')} and ${last}`;
}

/** Limits on a span that is drawn. */
export interface SpanRules {
	protectedLayers: readonly number[];
	slidingWindows: readonly (number | null)[];
	/** Most layers of a span, source included. */
	maxSpan: number;
}

/** Says why a span that was drawn cannot be, in one line; null: it can. A span that is `was` long already may stay so. */
export function spanProblem(
	span: Range,
	{ protectedLayers, slidingWindows, maxSpan }: SpanRules,
	was = 0
): string | null {
	const words = `Layers ${span.first}–${span.last}`;
	const length = span.last - span.first + 1;
	if (length > Math.max(maxSpan, was)) {
		return `${words}: ${length} layers, and the longest span is ${maxSpan}. Raise “Longest span” to allow it.`;
	}
	for (let layer = span.first; layer <= span.last; layer++) {
		if (protectedLayers.includes(layer)) {
			return `${words}: layer ${layer} is protected, so it can be neither source nor follower. Change the protected layers to allow it.`;
		}
		if (slidingWindows[layer] !== slidingWindows[span.first]) {
			return `${words}: layers ${span.first} and ${layer} have different sliding windows, so the attention weights of one do not fit the other.`;
		}
	}
	return null;
}

/** Says why a span was neither grown (1) nor shrunk (−1). */
export function edgeWords(by: 1 | -1, layers: number): string {
	return by === 1
		? `The span ends with layer ${layers - 1}, the last of the model: it cannot grow.`
		: 'A span has a source and one follower at least: it cannot shrink. Remove it instead.';
}

/**
 * Spans with the head maps that `given` has for the same followers of the same sources; other followers' heads keep
 * their places. A span of which none is given stays as it is.
 */
export function withHeadMaps(
	spans: readonly Span[],
	given: readonly Span[],
	heads: number
): Span[] {
	const maps = new Map(
		given.flatMap(({ source, followers, headMap }) =>
			headMap === 'identity'
				? []
				: followers.map((follower, index) => [`${source} ${follower}`, headMap[index]] as const)
		)
	);
	return spans.map((span) => {
		const found = span.followers.map((follower) => maps.get(`${span.source} ${follower}`));
		if (found.every((map) => map === undefined)) return span;
		const own = Array.from({ length: heads }, (_, head) => head);
		return { ...span, headMap: found.map((map) => map ?? own) };
	});
}

/** Layers from text such as "0, 15"; null where it is no list of layers of the model. */
export function parseLayers(text: string, layers: number): number[] | null {
	const parts = text.split(/[\s,]+/).filter(Boolean);
	const numbers = parts.map(Number);
	const known = numbers.every((layer) => Number.isInteger(layer) && layer >= 0 && layer < layers);
	return known ? [...new Set(numbers)].sort((a, b) => a - b) : null;
}

/** For each head of the follower (column) the source's head (row) most like it; ties to the lowest. */
export function bestHeads(matrix: readonly (readonly number[])[]): number[] {
	return (matrix[0] ?? []).map((_, column) => {
		let best = 0;
		matrix.forEach((row, head) => {
			if (row[column] > matrix[best][column]) best = head;
		});
		return best;
	});
}
