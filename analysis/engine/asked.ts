/** Tokens that might stand after places of a sequence, asked of both variants of a model in one run. */

/** A place of a sequence and the tokens that might come right after it. */
export interface TokenQuestion {
	/** Index into the sequence of the token before the answer. */
	place: number;
	/** Token ids, of which each gets a loss. */
	candidates: readonly number[];
}

/** A sequence with questions in it. */
export interface Asked {
	ids: readonly number[];
	questions: readonly TokenQuestion[];
}

/**
 * Returns the rows of `values` [S, width] that say what comes next, one for every candidate of every question, and one
 * more of zeros, after which nothing comes: [candidates + 1, width].
 */
export function rowsBefore(
	values: Float32Array,
	width: number,
	questions: readonly TokenQuestion[]
): Float32Array {
	const places = questions.flatMap(({ place, candidates }) => candidates.map(() => place));
	const rows = new Float32Array((places.length + 1) * width);
	for (const [row, place] of places.entries())
		rows.set(values.subarray(place * width, (place + 1) * width), row * width);
	return rows;
}

/** Token ids that go with `rowsBefore`: row r is followed by id r + 1. */
export function idsAfter(questions: readonly TokenQuestion[]): number[] {
	return [0, ...questions.flatMap(({ candidates }) => candidates)];
}

/** Losses of all candidates of all questions, in order, by question. */
export function byQuestion(losses: Float64Array, questions: readonly TokenQuestion[]): number[][] {
	let first = 0;
	return questions.map(({ candidates }) => {
		const own = Array.from(losses.subarray(first, first + candidates.length));
		first += candidates.length;
		return own;
	});
}
