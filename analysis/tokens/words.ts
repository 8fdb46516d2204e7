/** Scripts written without spaces: each of their letters may begin a word. */
const UNSPACED = ['Han', 'Hiragana', 'Katakana', 'Thai', 'Lao', 'Khmer', 'Myanmar', 'Tibetan']
	.map((script) => `\\p{Script=${script}}`)
	.join('');

/**
 * The first start of a word at or after `from` (UTF-16 code units): a character after white space that is none
 * itself, or a letter of a script without spaces. The text's length where there is none.
 */
export function nextWordStart(text: string, from: number): number {
	const word = new RegExp(`(?<=\\s)\\S|[${UNSPACED}]`, 'gu');
	word.lastIndex = from;
	return word.exec(text)?.index ?? text.length;
}
