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
	return cut.replace(UNPRINTABLE, (mark) =>
		mark === '\n' ? '\\n' : `\\u${mark.charCodeAt(0).toString(16).padStart(4, '0')}`
	);
}
