/** Width of an average character of a sans-serif face, as a share of its size. */
const CHARACTER_WIDTH = 0.52;

/** Lines of at most `width`, in the same unit as `size`; words longer than a line are broken. */
export function wrap(text: string, width: number, size: number): string[] {
	const most = Math.max(1, Math.floor(width / (size * CHARACTER_WIDTH)));
	const lines: string[] = [];
	let line = '';
	for (const word of text.split(/\s+/).filter(Boolean)) {
		let rest = word;
		if (line !== '' && line.length + 1 + rest.length <= most) {
			line = `${line} ${rest}`;
			continue;
		}
		if (line !== '') lines.push(line);
		while (rest.length > most) {
			lines.push(rest.slice(0, most));
			rest = rest.slice(most);
		}
		line = rest;
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
