import { scaleLinear } from 'd3';
import { arrowPath, placePoints, scatterRange, type ScatterPoint } from '../chart/scatter.ts';
import type { ColourScale } from '../colour/scale.ts';
import { COLUMN_WIDTH, figure, fixed, LINE, SOFT_INK, text } from './frame.ts';
import { legend, LEGEND_HEIGHT } from './legend.ts';

export interface ScatterFigure {
	title: string;
	caption: string;
	points: readonly ScatterPoint[];
	xTitle: string;
	yTitle: string;
	/** What the colours of the points stand for. */
	scale: ColourScale;
	legend: string;
}

const LEFT = 36;
const HEIGHT = 150;
const BELOW = 26;

/** A scatter plot with caption, as a standalone SVG at a paper's column width. */
export function scatterFigure(plot: ScatterFigure): string {
	const frame = {
		left: LEFT,
		top: 4,
		width: COLUMN_WIDTH - LEFT - 6,
		height: HEIGHT,
		x: scatterRange(plot.points.map(({ x }) => x)),
		y: scatterRange(plot.points.map(({ y }) => y))
	};
	const bottom = frame.top + frame.height;
	const xScale = scaleLinear(frame.x, [frame.left, frame.left + frame.width]);
	const yScale = scaleLinear(frame.y, [bottom, frame.top]);
	const words = (value: number) => String(Number(value.toPrecision(6))).replace('-', '−');
	const marks = placePoints(frame, plot.points).map((point) => {
		const look = `fill="${point.colour}" stroke="${LINE}" stroke-width="0.3"`;
		return point.beyond === null
			? `<circle cx="${fixed(point.left)}" cy="${fixed(point.top)}" r="2" ${look}/>`
			: `<path d="${arrowPath(point, point.beyond, 4.5)}" ${look}/>`;
	});
	return figure({
		title: plot.title,
		caption: plot.caption,
		height: bottom + BELOW + LEGEND_HEIGHT,
		drawing: [
			...yScale.ticks(5).map((tick) => {
				const y = fixed(yScale(tick));
				const label = text(words(tick), LEFT - 3, yScale(tick) + 2, { anchor: 'end' });
				return `<path d="M${LEFT} ${y}h${frame.width}" stroke="#dfe2e5" stroke-width="0.5"/>${label}`;
			}),
			...xScale
				.ticks(5)
				.map((tick) => text(words(tick), xScale(tick), bottom + 8, { anchor: 'middle' })),
			`<path d="M${LEFT} ${frame.top}V${bottom}h${frame.width}" fill="none" stroke="${LINE}" stroke-width="0.5"/>`,
			...marks,
			text(plot.xTitle, LEFT + frame.width / 2, bottom + 18, {
				anchor: 'middle',
				colour: SOFT_INK
			}),
			text(plot.yTitle, 7, frame.top + frame.height / 2, {
				anchor: 'middle',
				turn: -90,
				colour: SOFT_INK
			}),
			legend(plot.scale, plot.legend, { left: LEFT, top: bottom + BELOW, width: 120 }, words)
		].join('\n')
	});
}
