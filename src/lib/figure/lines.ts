import { bandPath, linePath, niceRange, ticksOf, type Series } from '../chart/geometry.ts';
import { formatTick } from '$analysis/text/number.ts';
import { axes } from './axes.ts';
import { COLUMN_WIDTH, figure, SOFT_INK, text } from './frame.ts';

export interface LineFigure {
	title: string;
	caption: string;
	x: readonly [number, number];
	xTicks: readonly { at: number; label: string }[];
	xTitle: string;
	/** Charts, one below the other, over one x axis; y in round numbers around the values unless given. */
	charts: readonly { title: string; series: readonly Series[]; y?: readonly [number, number] }[];
}

/** Line colours on paper, in the order of the series; CSS variables mean nothing outside the page. */
const PAPER_COLOURS = ['#1f5fa8', '#b4530a', '#237a57', '#7d3c98', '#6b4a2b', '#9c1f5f'];

const CHART_HEIGHT = 46;
const HEAD = 11;
const LEFT = 28;

/** Room that the names after the one at `place` take, points. */
function namesAfter(series: readonly Series[], place: number): number {
	return series.slice(place + 1).reduce((room, { name }) => room + name.length * 3.6 + 8, 0);
}

/** Charts with caption, as a standalone SVG at a paper's column width. */
export function lineFigure({ charts, x, xTicks, xTitle, ...heading }: LineFigure): string {
	const step = HEAD + CHART_HEIGHT + 6;
	const drawings = charts.map(({ title, series, y }, index) => {
		const frame = {
			left: LEFT,
			top: index * step + HEAD,
			width: COLUMN_WIDTH - LEFT - 4,
			height: CHART_HEIGHT,
			x,
			y: y ?? niceRange(series)
		};
		const last = index === charts.length - 1;
		const colourOf = (place: number) => PAPER_COLOURS[place % PAPER_COLOURS.length];
		return [
			text(title, LEFT, frame.top - 3, { colour: SOFT_INK }),
			...(series.length > 1
				? series.map(({ name }, place) =>
						text(name, COLUMN_WIDTH - 4 - namesAfter(series, place), frame.top - 3, {
							anchor: 'end',
							colour: colourOf(place)
						})
					)
				: []),
			axes(frame, {
				xTicks: last ? xTicks : [],
				yTicks: ticksOf(frame.y, 3).map((at) => ({ at, label: formatTick(at) }))
			}),
			...series.flatMap((line, place) => [
				`<path d="${bandPath(frame, line)}" fill="${colourOf(place)}" opacity="0.18"/>`,
				`<path d="${linePath(frame, line)}" fill="none" stroke="${colourOf(place)}" stroke-width="1"${line.dashed ? ' stroke-dasharray="3 2"' : ''}/>`
			])
		].join('');
	});
	const height = charts.length * step + 18;
	const axisTitle = text(xTitle, LEFT + (COLUMN_WIDTH - LEFT) / 2, height - 3, {
		anchor: 'middle',
		colour: SOFT_INK
	});
	return figure({ ...heading, height, drawing: [...drawings, axisTitle].join('\n') });
}
