import { openSync, type Font } from 'fontkit';
import { expect, it } from 'vitest';
import { covered, cut, isCovered, textWidth } from './measure.ts';

const FOLDER = 'node_modules/@expo-google-fonts/source-sans-3';
/** Latin, Greek, Cyrillic, punctuation, arrows, operators and shapes: what labels are made of. */
const RANGES = [
	[0x20, 0x17f],
	[0x370, 0x3ff],
	[0x400, 0x45f],
	[0x2000, 0x22ff],
	[0x25a0, 0x25ff],
	[0x2713, 0x2718]
];

function fontOf(file: string): Font {
	const font = openSync(`${FOLDER}/${file}`);
	if (!('glyphForCodePoint' in font)) throw new Error(`${file}: not a single font`);
	return font;
}
const regular = fontOf('400Regular/SourceSans3_400Regular.ttf');
const bold = fontOf('600SemiBold/SourceSans3_600SemiBold.ttf');

function runsOf(font: Font) {
	const runs: { first: number; widths: number[] }[] = [];
	for (const code of font.characterSet.toSorted((a, b) => a - b)) {
		if (!RANGES.some(([from, to]) => code >= from && code <= to)) continue;
		const last = runs.at(-1);
		const { advanceWidth } = font.glyphForCodePoint(code);
		if (last && last.first + last.widths.length === code) last.widths.push(advanceWidth);
		else runs.push({ first: code, widths: [advanceWidth] });
	}
	return runs.map(({ first, widths }) => ({ first, widths: widths.join(' ') }));
}

it('widths.json holds the widths of the embedded faces; npm run widths writes it', async () => {
	const text = `${JSON.stringify({ regular: runsOf(regular), bold: runsOf(bold) }, null, '\t')}\n`;
	await expect(text).toMatchFileSnapshot('widths.json');
});

it('measures text as the font lays it out, but for kerning', () => {
	for (const text of ['source layer', '0.123 − 4.5', 'loss increase (nats/token)', '√Σ≤→']) {
		const laidOut = regular.layout(text, { kern: false }).advanceWidth / 1000;
		expect(textWidth(text, 1)).toBeCloseTo(laidOut, 6);
	}
	// By the font's own table: A is 543 wide, in the semibold 554.
	expect(textWidth('AA', 10)).toBeCloseTo(10.88, 1);
	expect(textWidth('AA', 10, 'bold')).toBeGreaterThan(textWidth('AA', 10));
});

it('knows what the font lacks, and stands a box for it', () => {
	expect(isCovered('Δ loss, кот')).toBe(true);
	expect(isCovered('あ')).toBe(false);
	expect(covered('aあb')).toBe('a□b');
	// Too wide rather than too narrow.
	expect(textWidth('あ', 8)).toBe(8);
});

it('cuts text to a width', () => {
	const text = 'mini-llama2-of-a-long-name';
	const short = cut(text, 50, 8);
	expect(short.endsWith('…')).toBe(true);
	expect(textWidth(short, 8)).toBeLessThanOrEqual(50);
	expect(cut(text, 500, 8)).toBe(text);
});
