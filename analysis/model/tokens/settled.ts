const MARK = '\u2581';

/** Number of last words taken to be open: the text that follows can change the words right before its end. */
const OPEN_WORDS = 8;

/** Returns true if a word begins between two neighbouring tokens. */
export type Border = (before: number, id: number) => boolean;

/**
 * Borders of words in a text that the tokenizer takes for one word, as those with SentencePiece's marker for a space
 * ("▁") often do. Before a marker that follows another character there is one if no token of the vocabulary reaches
 * across, since no merge can then either.
 */
export function markedBorders(
	tokens: readonly string[],
	tokenOf: (id: number) => string | null
): Border {
	const across = new RegExp(`[^${MARK}]${MARK}`, 'u');
	const marked = tokens.some((token) => token.startsWith(MARK));
	if (!marked || tokens.some((token) => across.test(token))) return () => false;
	return (before, id) =>
		(tokenOf(id)?.startsWith(MARK) ?? false) && !(tokenOf(before)?.endsWith(MARK) ?? true);
}

/**
 * Counts the tokens of a text that stay as they are whatever text follows: all but those of its last `OPEN_WORDS`
 * words. `words` has the index of each token's word, as the tokenizer splits the text before it merges.
 */
export function settledTokens(
	ids: readonly number[],
	words: readonly (number | null | undefined)[],
	border: Border
): number {
	let open = 0;
	for (let at = ids.length - 1; at > 0; at--) {
		const begins = words[at] !== words[at - 1] || border(ids[at - 1], ids[at]);
		if (begins && ++open === OPEN_WORDS) return at;
	}
	return 0;
}
