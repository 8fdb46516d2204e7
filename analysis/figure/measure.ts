import widths from './widths.json' with { type: 'json' };

export type Weight = 'regular' | 'bold';

/** Advance widths of a face, thousandths of its size, by code point. */
function tableOf(runs: readonly { first: number; widths: string }[]): ReadonlyMap<number, number> {
	return new Map(
		runs.flatMap(({ first, widths }) =>
			widths.split(' ').map((width, index): [number, number] => [first + index, Number(width)])
		)
	);
}

const tables: Readonly<Record<Weight, ReadonlyMap<number, number>>> = {
	regular: tableOf(widths.regular),
	bold: tableOf(widths.bold)
};

/** Of a character that the face lacks: wide enough for what another face would put there. */
const UNKNOWN = 1000;

/** Width of a line of text in the face that is embedded, in the unit of `size`; kerning is not counted. */
export function textWidth(text: string, size: number, weight: Weight = 'regular'): number {
	let width = 0;
	for (const character of text)
		width += tables[weight].get(character.codePointAt(0) ?? 0) ?? UNKNOWN;
	return (width * size) / 1000;
}

/** Returns true if the embedded face has a glyph for every character. */
export function isCovered(text: string): boolean {
	return Array.from(text).every((character) => tables.regular.has(character.codePointAt(0) ?? 0));
}

/** Stands for a character that the face lacks. */
const LACKING = '□';

/** The text with what the face can show of it. */
export function covered(text: string): string {
	return Array.from(text, (character) => (isCovered(character) ? character : LACKING)).join('');
}

/** Text that is cut, with "…", where it is longer than `width`. */
export function cut(text: string, width: number, size: number): string {
	if (textWidth(text, size) <= width) return text;
	const characters = Array.from(text);
	while (characters.length > 0 && textWidth(`${characters.join('')}…`, size) > width)
		characters.pop();
	return `${characters.join('').trimEnd()}…`;
}
