/** Scales from probability to colour: relative to the row's highest, logarithmic, or linear. */
export const LOOK_SCALES = ['row max', 'log', 'linear'] as const;
export type LookScale = (typeof LOOK_SCALES)[number];

/** Decades below 1 that the logarithmic scale shows; what is smaller has no colour. */
const DECADES = 4;

/** Returns a query's row of a map [tokens, tokens]: the probability of each key up to itself. A view, not a copy. */
export function looksOf(map: Float32Array, tokens: number, query: number): Float32Array {
	return map.subarray(query * tokens, query * tokens + query + 1);
}

/** Strength of the colour, 0 to 1, of each probability of a row. */
export function strengths(row: Float32Array, scale: LookScale): number[] {
	const highest = Math.max(...row);
	return Array.from(row, (probability) => {
		if (scale === 'linear') return probability;
		if (scale === 'row max') return highest > 0 ? probability / highest : 0;
		return probability > 0 ? Math.max(0, 1 + Math.log10(probability) / DECADES) : 0;
	});
}

/** The keys that a row attends to most, most first; equals by their place. */
export function topKeys(row: Float32Array, count: number): { key: number; probability: number }[] {
	return Array.from(row, (probability, key) => ({ key, probability }))
		.sort((a, b) => b.probability - a.probability || a.key - b.key)
		.slice(0, count);
}

/** A map [tokens, tokens] with each entry's strength of colour in its place. */
export function strengthMap(map: Float32Array, tokens: number, scale: LookScale): Float32Array {
	const painted = new Float32Array(map.length);
	for (let query = 0; query < tokens; query++)
		painted.set(strengths(looksOf(map, tokens, query), scale), query * tokens);
	return painted;
}
