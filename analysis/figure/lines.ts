import { formatTick } from '../text/number.ts';
import { axesMarks, type Tick } from './axes.ts';
import {
	bandPath,
	linePath,
	niceRange,
	placeX,
	placeY,
	ticksOf,
	type ChartFrame,
	type Series
} from './frame.ts';
import { strokeMark, type Figure, type Mark } from './marks.ts';
import { PAPER, type Medium } from './medium.ts';
import { shapePath } from './plot.ts';
import { COLUMN_WIDTH, SOFT_INK, text } from './sheet.ts';

/** Every value of a line gets a dot up to this many. */
const MOST_DOTS = 40;

/** Bands, lines and dots of the series of a chart. */
export function lineMarks(frame: ChartFrame, series: readonly Series[], { line }: Medium): Mark[] {
	return series.flatMap((one): Mark[] => [
		{ kind: 'path', d: bandPath(frame, one), fill: one.colour, opacity: 0.18 },
		strokeMark(linePath(frame, one), one.colour, {
			strokeWidth: line.width,
			...(one.dashed && { dash: line.dash })
		}),
		...(line.dot > 0 && one.xs.length <= MOST_DOTS
			? one.ys.flatMap((y, index): Mark[] =>
					Number.isFinite(y) ? [dotMark(frame, { x: one.xs[index], y }, one.colour, line.dot)] : []
				)
			: [])
	]);
}

/** A dot of radius `r` at a value. */
export function dotMark(
	frame: ChartFrame,
	{ x, y }: { x: number; y: number },
	fill: string,
	r: number
): Mark {
	return {
		kind: 'path',
		d: shapePath('circle', 2 * r),
		x: placeX(frame, x),
		y: placeY(frame, y),
		fill
	};
}

export interface LineFigure {
	title: string;
	caption: string;
	x: readonly [number, number];
	xTicks: readonly Tick[];
	xTitle: string;
	/** Charts, one below the other, over one x axis; y in round numbers around the values unless given. */
	charts: readonly { title: string; series: readonly Series[]; y?: readonly [number, number] }[];
}

const CHART_HEIGHT = 46;
const HEAD = 11;
const LEFT = 28;

/** Width that the names after the one at `place` take, points. */
function namesAfter(series: readonly Series[], place: number): number {
	return series.slice(place + 1).reduce((width, { name }) => width + name.length * 3.6 + 8, 0);
}

/** Charts with caption, at a paper's column width. */
export function lineFigure({ charts, x, xTicks, xTitle, ...heading }: LineFigure): Figure {
	const step = HEAD + CHART_HEIGHT + 6;
	const marks = charts.flatMap(({ title, series, y }, index) => {
		const frame = {
			left: LEFT,
			top: index * step + HEAD,
			width: COLUMN_WIDTH - LEFT - 4,
			height: CHART_HEIGHT,
			x,
			y: y ?? niceRange(series)
		};
		const last = index === charts.length - 1;
		const names = series.map(({ name, colour }, place) =>
			text(name, COLUMN_WIDTH - 4 - namesAfter(series, place), frame.top - 3, {
				anchor: 'end',
				colour
			})
		);
		const yTicks = ticksOf(frame.y, 3).map((at) => ({ at, label: formatTick(at) }));
		return [
			text(title, LEFT, frame.top - 3, { colour: SOFT_INK }),
			...(series.length > 1 ? names : []),
			...axesMarks(frame, { xTicks: last ? xTicks : [], yTicks }, PAPER),
			...lineMarks(frame, series, PAPER)
		];
	});
	const height = charts.length * step + 18;
	const axisTitle = text(xTitle, LEFT + (COLUMN_WIDTH - LEFT) / 2, height - 3, {
		anchor: 'middle',
		colour: SOFT_INK
	});
	return { ...heading, width: COLUMN_WIDTH, height, marks: [...marks, axisTitle] };
}
