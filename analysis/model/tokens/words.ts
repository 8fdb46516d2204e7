/** Scripts written without spaces: each of their letters may begin a word. */
const UNSPACED = ['Han', 'Hiragana', 'Katakana', 'Thai', 'Lao', 'Khmer', 'Myanmar', 'Tibetan']
	.map((script) => `\\p{Script=${script}}`)
	.join('');

/** A character after white space that is none itself, or a letter of a script without spaces. */
const wordStart = (): RegExp => new RegExp(`(?<=\\s)\\S|[${UNSPACED}]`, 'gu');

/** The first start of a word at or after `from` (UTF-16 code units); the text's length where there is none. */
export function nextWordStart(text: string, from: number): number {
	const word = wordStart();
	word.lastIndex = from;
	return word.exec(text)?.index ?? text.length;
}

/** All starts of words but that of the first, ascending. */
export function wordStarts(text: string): number[] {
	return Array.from(text.matchAll(wordStart()), ({ index }) => index);
}
