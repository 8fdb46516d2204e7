import { escapeXml, wrap } from './text.ts';

/** A single column of a two-column paper, points (1/72 inch): 3.25 in. */
export const COLUMN_WIDTH = 234;

/** Type sizes, points: what journals ask for in figures. */
export const TEXT_SIZE = 6.5;
export const TITLE_SIZE = 8;

/** Paper colours, whatever the theme on the screen. */
export const INK = '#1a1f24';
export const SOFT_INK = '#555d66';
export const LINE = '#858d97';

/** A standalone SVG document of a paper's column width: title, drawing of `height` points, caption. */
export function figure(parts: {
	title: string;
	/** SVG elements, drawn from (0, 0) below the title. */
	drawing: string;
	height: number;
	caption: string;
	width?: number;
}): string {
	const { title, drawing, height, caption, width = COLUMN_WIDTH } = parts;
	const lineHeight = TEXT_SIZE * 1.35;
	const titles = wrap(title, width, TITLE_SIZE);
	const top = titles.length * TITLE_SIZE * 1.3 + 4;
	const lines = wrap(caption, width - 4, TEXT_SIZE);
	const total = Math.ceil(top + height + 6 + lines.length * lineHeight + 4);
	const texts = lines.map((line, index) =>
		text(line, 2, top + height + 6 + (index + 1) * lineHeight - 2, { colour: SOFT_INK })
	);
	const heading = titles.map((line, index) =>
		text(line, 2, (index + 1) * TITLE_SIZE * 1.3 - 1, { size: TITLE_SIZE, weight: 600 })
	);
	return [
		`<svg xmlns="http://www.w3.org/2000/svg" width="${width / 72}in" height="${total / 72}in" viewBox="0 0 ${width} ${total}" font-family="Helvetica, Arial, sans-serif">`,
		`<title>${escapeXml(title)}</title><desc>${escapeXml(caption)}</desc>`,
		`<rect width="${width}" height="${total}" fill="#fff"/>`,
		...heading,
		`<g transform="translate(0 ${fixed(top)})">${drawing}</g>`,
		...texts,
		'</svg>'
	].join('\n');
}

/** A text element. */
export function text(
	content: string,
	x: number,
	y: number,
	options: {
		size?: number;
		colour?: string;
		anchor?: 'start' | 'middle' | 'end';
		weight?: number;
		/** Degrees around its own place. */
		turn?: number;
	} = {}
): string {
	const { size = TEXT_SIZE, colour = INK, anchor = 'start', weight, turn } = options;
	const place =
		turn === undefined
			? `x="${fixed(x)}" y="${fixed(y)}"`
			: `transform="translate(${fixed(x)} ${fixed(y)}) rotate(${turn})"`;
	const bold = weight === undefined ? '' : ` font-weight="${weight}"`;
	return `<text ${place} font-size="${size}" fill="${colour}" text-anchor="${anchor}"${bold} xml:space="preserve">${escapeXml(content)}</text>`;
}

/** A number with at most two digits after the point, as SVG writes it. */
export function fixed(value: number): string {
	return String(Math.round(value * 100) / 100);
}
