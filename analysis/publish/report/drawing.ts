import { isCovered, textWidth } from '../../figure/measure.ts';
import { fixed, type Figure, type Mark } from '../../figure/marks.ts';
import { rasterUrl } from '../../figure/png.ts';
import { paintOf, placeOf } from '../../figure/attributes.ts';
import { SINGLE, WIDTHS, type Style } from '../../figure/style.ts';
import { html, trusted, type Html, type Part } from './html.ts';

/** Style of figures in a report: without title and caption, whose words stand beside the figure. */
export const REPORT_STYLE: Style = {
	...SINGLE,
	width: WIDTHS.double,
	title: false,
	caption: false
};

/** A figure as a drawing in the page, in the page's own colours, light and dark; its title is read out. */
export function drawing({ title, width, height, marks }: Figure): Html {
	return html`<svg
		class="drawing"
		role="img"
		aria-label="${title}"
		viewBox="0 0 ${fixed(width)} ${fixed(height)}"
		style="max-width: ${Math.round(width * MOST_SCALE)}px"
	>
		${marks.map(markHtml)}
	</svg>`;
}

/** CSS pixels per point: text of 8 points is read at some 13 pixels. */
const MOST_SCALE = 1.65;

function markHtml(mark: Mark): Part {
	const place = attributes(placeOf(mark));
	if (mark.kind === 'raster')
		return html`<image
			${place}
			preserveAspectRatio="none"
			image-rendering="pixelated"
			href="${rasterUrl(mark)}"
		/>`;
	const paint = attributes(paintOf(mark));
	if (mark.kind !== 'text') return html`<${trusted(mark.kind)} ${place} ${paint} />`;
	const measured = textWidth(mark.text, mark.size, mark.weight === undefined ? 'regular' : 'bold');
	// Whatever face a reader has, a text takes the width that it was measured with.
	const length = isCovered(mark.text)
		? attributes({ textLength: fixed(measured), lengthAdjust: 'spacingAndGlyphs' })
		: null;
	return html`<text ${place} ${paint} ${length}>${mark.text}</text>`;
}

function attributes(values: Record<string, string | number | null>): readonly Part[] {
	return Object.entries(values).flatMap(([name, value]) =>
		value === null ? [] : [html` ${trusted(name)}="${value}"`]
	);
}
