import type { Tokenizer } from './types.ts';

/** A token of English text is four to five characters; too little only means another round. */
const CHARACTERS_PER_TOKEN = 6;

/** A cut through the text can change the tokens right before it; these many are left unused. */
const MARGIN_TOKENS = 32;

/** Long texts are counted in pieces: one piece of 10 MB would be a single huge word to some tokenizers. */
const COUNT_CHARACTERS = 65536;

/** The first `count` tokens of a text, or all where it has fewer; only as much as needed is tokenized. */
export function firstTokens(text: string, count: number, tokenizer: Tokenizer): number[] {
	let characters = (count + MARGIN_TOKENS) * CHARACTERS_PER_TOKEN;
	for (;;) {
		const end = wholeCharacters(text, characters);
		const ids = tokenizer.encode(text.slice(0, end));
		if (end === text.length || ids.length >= count + MARGIN_TOKENS) return ids.slice(0, count);
		characters *= 2;
	}
}

/** How many tokens a text has; a token or so too many for each piece it is counted in. */
export function countTokens(text: string, tokenizer: Tokenizer): number {
	let tokens = 0;
	for (let start = 0; start < text.length;) {
		const end = wholeCharacters(text, start + COUNT_CHARACTERS);
		tokens += tokenizer.encode(text.slice(start, end)).length;
		start = end;
	}
	return tokens;
}

/** `end`, within the text and not between the two halves of a surrogate pair. */
function wholeCharacters(text: string, end: number): number {
	if (end >= text.length) return text.length;
	const code = text.charCodeAt(end);
	return code >= 0xdc00 && code <= 0xdfff ? end + 1 : end;
}
