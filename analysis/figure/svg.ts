import { paintOf, placeOf } from './attributes.ts';
import { isCovered, textWidth } from './measure.ts';
import { fixed, type Figure, type Mark } from './marks.ts';
import { onPaper } from './paint.ts';
import { rasterUrl } from './png.ts';
import { sheetOf } from './sheet.ts';
import { SINGLE, type Colours, type Style } from './style.ts';
import { escapeXml } from './wrap.ts';

/** The face that texts are measured with, and what stands in for it. */
const FAMILIES = "'Source Sans 3', 'Source Sans Pro', Helvetica, Arial, sans-serif";

/** A figure as a standalone SVG document, a point a unit. `style`: rules of CSS, such as a face to embed. */
export function figureSvg(figure: Figure, style: Style = SINGLE, css = ''): string {
	const { width, height, marks } = sheetOf(figure, style);
	return [
		`<svg xmlns="http://www.w3.org/2000/svg" width="${width / 72}in" height="${height / 72}in" viewBox="0 0 ${width} ${height}" font-family="${FAMILIES}">`,
		`<title>${escapeXml(figure.title)}</title><desc>${escapeXml(figure.caption)}</desc>`,
		...(css === '' ? [] : [`<style>${css}</style>`]),
		`<rect width="${width}" height="${height}" fill="#fff"/>`,
		...marks.map((mark) => markSvg(mark, style.colours)),
		'</svg>'
	].join('\n');
}

function markSvg(mark: Mark, colours: Colours): string {
	const place = attributes(placeOf(mark), colours);
	if (mark.kind === 'raster')
		return `<image ${place} preserveAspectRatio="none" image-rendering="pixelated" href="${rasterUrl(mark)}"/>`;
	const paint = attributes(paintOf(mark), colours);
	if (mark.kind !== 'text') return `<${mark.kind} ${place} ${paint}/>`;
	// A machine without the face squeezes its own into the width that was measured, so that nothing runs over an edge.
	const width = textWidth(mark.text, mark.size, mark.weight === undefined ? 'regular' : 'bold');
	const length = isCovered(mark.text)
		? ` textLength="${fixed(width)}" lengthAdjust="spacingAndGlyphs"`
		: '';
	return `<text ${place} ${paint}${length} xml:space="preserve">${escapeXml(mark.text)}</text>`;
}

function attributes(values: Record<string, string | number | null>, colours: Colours): string {
	return Object.entries(values)
		.flatMap(([name, value]) =>
			value === null ? [] : [`${name}="${escapeXml(onPaper(String(value), colours))}"`]
		)
		.join(' ');
}
