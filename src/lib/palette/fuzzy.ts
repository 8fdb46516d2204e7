/** Scores the match of words with a command; higher is better, null: some word does not match. */
export function fuzzyScore(
	words: string,
	{ title, rest = '' }: { title: string; rest?: string }
): number | null {
	const name = title.toLowerCase();
	const other = rest.toLowerCase();
	let score = 0;
	for (const word of words.toLowerCase().split(/\s+/)) {
		if (word === '') continue;
		const found = wordScore(word, name) ?? (partScore(word, other) ?? 0) / 2;
		if (found === 0) return null;
		score += found;
	}
	// Of equals, the shorter title says less that was not asked for.
	return score - name.length / 1000;
}

/** A part of the text, or its letters in order, each begun at the start of a word or following the one before. */
function wordScore(word: string, text: string): number | null {
	return partScore(word, text) ?? (isAbbreviation(word, text) ? 1 : null);
}

/** 4 at the very start, 3 at the start of a word, 2 within one. */
function partScore(word: string, text: string): number | null {
	const at = text.indexOf(word);
	if (at === -1) return null;
	if (at === 0) return 4;
	for (let next = at; next !== -1; next = text.indexOf(word, next + 1))
		if (startsWord(text, next)) return 3;
	return 2;
}

/** "cma" for "cosine-matched": its letters in order, each at the start of a word or right after the one before it. */
function isAbbreviation(word: string, text: string, from = 0, joined = false): boolean {
	if (word === '') return true;
	for (let at = text.indexOf(word[0], from); at !== -1; at = text.indexOf(word[0], at + 1)) {
		const fits = startsWord(text, at) || (joined && at === from);
		if (fits && isAbbreviation(word.slice(1), text, at + 1, true)) return true;
	}
	return false;
}

function startsWord(text: string, at: number): boolean {
	return at === 0 || !/[\p{L}\p{N}]/u.test(text[at - 1]);
}
