import { ticksOf } from '../chart/geometry.ts';
import { arrowPath, placePoints, scatterRange, type ScatterPoint } from '../chart/scatter.ts';
import type { ColourScale } from '../colour/scale.ts';
import { formatTick } from '$analysis/text/number.ts';
import { axes } from './axes.ts';
import { COLUMN_WIDTH, figure, fixed, LINE } from './frame.ts';
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
	const ticks = (range: readonly [number, number]) =>
		ticksOf(range, 5).map((at) => ({ at, label: formatTick(at) }));
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
			axes(frame, {
				xTicks: ticks(frame.x),
				yTicks: ticks(frame.y),
				xTitle: plot.xTitle,
				yTitle: plot.yTitle
			}),
			...marks,
			legend(plot.scale, plot.legend, { left: LEFT, top: bottom + BELOW, width: 120 }, formatTick)
		].join('\n')
	});
}
