/** A name as it can stand in a line of a file: line breaks, Unicode's too, become a space. */
export function oneLine(text: string): string {
	return text.replaceAll(/[\r\n\u0085\u2028\u2029]+/g, ' ');
}
