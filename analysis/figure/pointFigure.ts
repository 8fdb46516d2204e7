import { formatTick } from '../text/number.ts';
import { axesMarks, type Tick } from './axes.ts';
import type { ColourScale } from './colour.ts';
import { placeX, type ChartFrame } from './frame.ts';
import { legendMarks } from './legend.ts';
import { leftOf } from './lineFigure.ts';
import type { Figure, Mark } from './marks.ts';
import { cut, textWidth } from './measure.ts';
import { PAPER } from './medium.ts';
import { axesOf, type PointPlot, type PointSeries } from './plot.ts';
import { backgroundMarks, labelMarks, pointMarks, ruleMarks, symbolMark } from './points.ts';
import { text } from './sheet.ts';
import { SINGLE, type Style } from './style.ts';

export interface PointFigure extends PointPlot {
	title: string;
	caption: string;
	/** Scale of the points' colours and its label, where they have colours of their own. */
	legend?: { scale: ColourScale; label: string };
}

const HEIGHT = 150;
const BELOW = 23;
const NAME_HEIGHT = 10;
const RIGHT = 6;

/** A chart of points with caption. */
export function pointFigure(chart: PointFigure, style: Style = SINGLE): Figure {
	const { title, caption, series, rules = [], xTitle, yTitle, legend } = chart;
	const shown = series.filter(({ points }) => points.length > 0);
	const { x, y, xTicks, yTicks } = axesOf(chart, 5);
	const left = leftOf(yTicks, true);
	const width = style.width - left - RIGHT;
	const names = shown.length > 1 ? nameMarks(shown, { left, width }) : { marks: [], height: 4 };
	const frame: ChartFrame = { left, top: names.height + 2, width, height: HEIGHT, x, y };
	const bottom = frame.top + HEIGHT + BELOW;
	const live = shown.filter(({ faint }) => faint !== true);
	const bar =
		legend === undefined || !style.colourBar
			? { marks: [], height: 0 }
			: legendMarks(
					{ scale: legend.scale, label: legend.label, format: formatTick },
					{ left, top: bottom, width: Math.min(width, 140) }
				);
	const marks = [
		...names.marks,
		...axesMarks(frame, { xTicks: apartTicks(frame, xTicks), yTicks, xTitle, yTitle }, PAPER),
		...ruleMarks(frame, rules, PAPER),
		...backgroundMarks(frame, shown, PAPER),
		...live.flatMap((each) =>
			each.points.flatMap((point) => pointMarks(frame, each, point, PAPER))
		),
		...labelMarks(frame, shown, PAPER, rules),
		...bar.marks
	];
	return {
		...{ title, caption, width: style.width, height: bottom + bar.height, marks },
		data: { kind: 'points', xTitle, yTitle, series }
	};
}

/** Ticks of x whose names lie within the sheet and do not touch. */
function apartTicks(frame: ChartFrame, ticks: readonly Tick[]): Tick[] {
	let free = -Infinity;
	return ticks.filter(({ at, label }) => {
		const half = textWidth(label, PAPER.text) / 2;
		const x = placeX(frame, at);
		if (x - half < free || x + half > frame.left + frame.width + RIGHT) return false;
		free = x + half + 3;
		return true;
	});
}

/** Shapes and names of the series, in as many lines as they need. */
function nameMarks(
	series: readonly PointSeries[],
	{ left, width }: { left: number; width: number }
): { marks: Mark[]; height: number } {
	let x = left;
	let y = NAME_HEIGHT - 2;
	const marks = series.flatMap(({ name, colour, shape }) => {
		const wide = textWidth(name, PAPER.text) + 16;
		if (x > left && x + wide - 8 > left + width) {
			x = left;
			y += NAME_HEIGHT;
		}
		const drawn = [
			symbolMark(shape, colour, PAPER.point.size / (shape === 'dash' ? 2.2 : 1), {
				...{ x: x + 3, y: y - 2.6 }
			}),
			text(cut(name, width - 8, PAPER.text), x + 8, y)
		];
		x += wide;
		return drawn;
	});
	return { marks, height: y + 3 };
}
