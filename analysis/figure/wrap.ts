import { textWidth, type Weight } from './measure.ts';

/** Lines of at most `width`, in the same unit as `size`; words longer than a line are broken. */
export function wrap(text: string, width: number, size: number, weight?: Weight): string[] {
	const fits = (line: string) => textWidth(line, size, weight) <= width;
	const lines: string[] = [];
	let line = '';
	for (const word of text.split(/\s+/).filter(Boolean)) {
		const longer = line === '' ? word : `${line} ${word}`;
		if (fits(longer)) {
			line = longer;
			continue;
		}
		if (line !== '') lines.push(line);
		line = '';
		for (const character of word) {
			if (line !== '' && !fits(line + character)) {
				lines.push(line);
				line = '';
			}
			line += character;
		}
	}
	if (line !== '') lines.push(line);
	return lines;
}

/** Text made safe inside SVG elements and attributes; control characters, which XML has no place for, become "·". */
export function escapeXml(text: string): string {
	const safe = Array.from(text, (character) => (character < ' ' ? '·' : character)).join('');
	return safe
		.replaceAll('&', '&amp;')
		.replaceAll('<', '&lt;')
		.replaceAll('>', '&gt;')
		.replaceAll('"', '&quot;');
}
