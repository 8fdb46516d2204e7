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

/** Why a span that was drawn cannot be, in one line; null: it can. */
export function spanProblem(
	span: Range,
	protectedLayers: readonly number[],
	reach: readonly (number | null)[]
): string | null {
	const words = `Layers ${span.first}–${span.last}`;
	for (let layer = span.first; layer <= span.last; layer++) {
		if (protectedLayers.includes(layer)) {
			return `${words}: layer ${layer} is protected, so it can be neither source nor follower. Change the protected layers to allow it.`;
		}
		if (reach[layer] !== reach[span.first]) {
			return `${words}: layers ${span.first} and ${layer} see windows of different length, so their weights do not fit each other.`;
		}
	}
	return null;
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
