/** Longest text from outside that a message repeats: enough to recognise a value, too little to flood a log. */
export const MAX_QUOTED = 200;

/** Control characters, separators of lines, and marks that change the direction of writing. */
const UNPRINTABLE = /[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/gu;

/**
 * Text from outside as a message may repeat it: one line, without control characters or marks that change the
 * direction of writing (they become `\u001b`, say), at most `most` characters.
 */
export function quoted(text: string, most = MAX_QUOTED): string {
	const cut = text.length > most ? `${text.slice(0, most)}…` : text;
	return cut.replace(UNPRINTABLE, (mark) => (mark === '\n' ? '\\n' : escaped(mark)));
}

/**
 * Text of several lines as a terminal may print it: without the marks that `quoted` takes out, whatever names are in
 * it, but with its line breaks and tabs. JSON stays the same JSON.
 */
export function printable(text: string): string {
	return text.replace(UNPRINTABLE, (mark, at: number) => {
		const kept = mark === '\n' || mark === '\t' || (mark === '\r' && text[at + 1] === '\n');
		return kept ? mark : escaped(mark);
	});
}

function escaped(mark: string): string {
	return `\\u${mark.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
