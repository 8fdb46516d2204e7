import type { Tokenizer } from './types.ts';

/** A token of English text is four to five characters; too little only means another round. */
const CHARACTERS_PER_TOKEN = 6;

/** Tokens read beyond those asked for at first, so that the last words are settled. */
const MARGIN_TOKENS = 32;

/** Long texts are measured in pieces: one of 10 MB would take gigabytes, since every token has its record. */
const PIECE_CHARACTERS = 65536;

/** The first `count` tokens of a text, or all where it has fewer; no more is tokenized than it takes to be sure of them. */
export async function firstTokens(
	text: string,
	count: number,
	tokenizer: Tokenizer
): Promise<number[]> {
	let characters = (count + MARGIN_TOKENS) * CHARACTERS_PER_TOKEN;
	for (;;) {
		const end = wholeCharacters(text, characters);
		const { ids, settled } = await tokenizer.encode(text.slice(0, end));
		if (end === text.length || settled >= count) return ids.slice(0, count);
		characters *= 2;
	}
}

/** Finds the starts of a text's tokens (UTF-16 code units); right up to a token or so for each piece it is read in. */
export async function tokenStarts(text: string, tokenizer: Tokenizer): Promise<number[]> {
	const starts: number[] = [];
	for (let from = 0; from < text.length;) {
		const end = wholeCharacters(text, from + PIECE_CHARACTERS);
		const encoded = await tokenizer.encode(text.slice(from, end));
		for (const start of encoded.starts()) starts.push(from + start);
		from = end;
	}
	return starts;
}

/** `end`, within the text and not between the two halves of a surrogate pair. */
function wholeCharacters(text: string, end: number): number {
	if (end >= text.length) return text.length;
	const code = text.charCodeAt(end);
	return code >= 0xdc00 && code <= 0xdfff ? end + 1 : end;
}
