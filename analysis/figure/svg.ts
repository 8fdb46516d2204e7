import { fixed, type Figure, type Mark, type Paint, type RasterMark } from './marks.ts';
import { escapeXml, wrap } from './wrap.ts';

/** Type sizes of title and caption, points. */
const TITLE_SIZE = 8;
const CAPTION_SIZE = 6.5;
const CAPTION_LINE = CAPTION_SIZE * 1.35;

/** The page's custom properties on paper, whatever the theme on the screen. */
const PAPER_PAINTS: Readonly<Record<string, string>> = {
	'--ink': '#1a1f24',
	'--ink-2': '#555d66',
	'--ink-3': '#3a424a',
	'--line': '#dfe2e5',
	'--line-strong': '#858d97',
	'--missing': '#e4e6e9',
	'--panel': '#ffffff',
	'--mark': '#c43a08',
	'--span': '#c43a08',
	'--bad': '#b4530a',
	'--good': '#237a57',
	'--accent': '#1f5fa8',
	'--accent-soft': '#d5e2f1',
	'--series-1': '#1f5fa8',
	'--series-2': '#b4530a',
	'--series-3': '#237a57',
	'--series-4': '#7d3c98',
	'--series-5': '#6b4a2b',
	'--series-6': '#9c1f5f'
};

/** An image as a data URL; the page has a canvas for it, the command a PNG writer. */
export type Encode = (raster: RasterMark) => string;

/** A figure with title and caption as a standalone SVG document, a point a unit. */
export function figureSvg(figure: Figure, encode: Encode): string {
	const { title, caption, width, height, marks } = figure;
	const titles = wrap(title, width, TITLE_SIZE);
	const top = titles.length * TITLE_SIZE * 1.3 + 4;
	const lines = wrap(caption, width - 4, CAPTION_SIZE);
	const total = Math.ceil(top + height + 6 + lines.length * CAPTION_LINE + 4);
	const heading = titles.map((text, index): Mark => ({
		...{ kind: 'text', text, x: 2, y: (index + 1) * TITLE_SIZE * 1.3 - 1 },
		...{ size: TITLE_SIZE, fill: 'var(--ink)', weight: 600 }
	}));
	const below = lines.map((text, index): Mark => ({
		...{ kind: 'text', text, x: 2, y: top + height + 6 + (index + 1) * CAPTION_LINE - 2 },
		...{ size: CAPTION_SIZE, fill: 'var(--ink-2)' }
	}));
	return [
		`<svg xmlns="http://www.w3.org/2000/svg" width="${width / 72}in" height="${total / 72}in" viewBox="0 0 ${width} ${total}" font-family="Helvetica, Arial, sans-serif">`,
		`<title>${escapeXml(title)}</title><desc>${escapeXml(caption)}</desc>`,
		`<rect width="${width}" height="${total}" fill="#fff"/>`,
		...heading.map((mark) => markSvg(mark, encode)),
		`<g transform="translate(0 ${fixed(top)})">`,
		...marks.map((mark) => markSvg(mark, encode)),
		'</g>',
		...below.map((mark) => markSvg(mark, encode)),
		'</svg>'
	].join('\n');
}

/** The attributes that paint a mark, with the page's own names of colours; null: not given. */
export function paintOf(mark: Exclude<Mark, RasterMark>): Record<string, string | number | null> {
	if (mark.kind === 'text')
		return {
			fill: mark.fill,
			'font-size': mark.size,
			'text-anchor': mark.anchor ?? 'start',
			'font-weight': mark.weight ?? null,
			...(mark.halo !== undefined && {
				stroke: mark.halo,
				'stroke-width': mark.size / 4,
				'stroke-linejoin': 'round',
				'paint-order': 'stroke'
			})
		};
	return {
		fill: mark.fill ?? 'none',
		stroke: mark.stroke ?? null,
		'stroke-width': mark.strokeWidth ?? null,
		'stroke-dasharray': mark.dash ?? null,
		opacity: mark.opacity ?? null,
		'shape-rendering': mark.crisp ? 'crispEdges' : null
	};
}

/** Where a mark stands, as SVG attributes. */
export function placeOf(mark: Mark): Record<string, string | number | null> {
	if (mark.kind === 'path') {
		const { d, x = 0, y = 0 } = mark;
		return { transform: x === 0 && y === 0 ? null : `translate(${fixed(x)} ${fixed(y)})`, d };
	}
	const [x, y] = [fixed(mark.x), fixed(mark.y)];
	if (mark.kind === 'text')
		return mark.turn === undefined
			? { x, y }
			: { transform: `translate(${x} ${y}) rotate(${mark.turn})` };
	return { x, y, width: fixed(mark.width), height: fixed(mark.height) };
}

function markSvg(mark: Mark, encode: Encode): string {
	const place = attributes(placeOf(mark));
	if (mark.kind === 'raster')
		return `<image ${place} preserveAspectRatio="none" image-rendering="pixelated" href="${encode(mark)}"/>`;
	const paint = attributes(paintOf(mark));
	return mark.kind === 'text'
		? `<text ${place} ${paint} xml:space="preserve">${escapeXml(mark.text)}</text>`
		: `<${mark.kind} ${place} ${paint}/>`;
}

function attributes(values: Record<string, string | number | null>): string {
	return Object.entries(values)
		.flatMap(([name, value]) =>
			value === null ? [] : [`${name}="${escapeXml(onPaper(String(value)))}"`]
		)
		.join(' ');
}

function onPaper(paint: Paint): string {
	const name = /^var\((--[\w-]+)\)$/.exec(paint)?.[1];
	if (name === undefined) return paint;
	if (!Object.hasOwn(PAPER_PAINTS, name)) {
		throw new RangeError(`figure: ${name} has no colour on paper`);
	}
	return PAPER_PAINTS[name];
}
