import { formatTick } from '../text/number.ts';
import { axesMarks } from './axes.ts';
import { arrowPath, placePoint } from './beyond.ts';
import type { ColourScale } from './colour.ts';
import { placeX, placeY, type ChartFrame } from './frame.ts';
import { legendMarks, LEGEND_HEIGHT } from './legend.ts';
import { strokeMark, type Figure, type Mark } from './marks.ts';
import { PAPER, type Medium } from './medium.ts';
import {
	axesOf,
	isOpen,
	joinPath,
	placeLabels,
	rulePath,
	shapePath,
	whiskerPath,
	type ChartPoint,
	type PointPlot,
	type PointSeries,
	type PointShape,
	type Rule
} from './plot.ts';
import { COLUMN_WIDTH, text } from './sheet.ts';

/** The symbol of a series around (x, y). */
export function symbolMark(
	shape: PointShape,
	colour: string,
	size: number,
	{ x = 0, y = 0 } = {}
): Mark {
	const d = shapePath(shape, size);
	return isOpen(shape)
		? { ...strokeMark(d, colour, { strokeWidth: size / 4.5 }), x, y }
		: { kind: 'path', d, x, y, fill: colour, stroke: 'var(--panel)', strokeWidth: size / 12 };
}

/** One point with its interval; an arrow at the edge where it lies beyond the axes. */
export function pointMarks(
	frame: ChartFrame,
	{ shape, colour: ofSeries, faint }: Pick<PointSeries, 'shape' | 'colour' | 'faint'>,
	point: ChartPoint,
	medium: Medium,
	size = faint ? medium.point.faint : medium.point.size
): Mark[] {
	const colour = point.colour ?? ofSeries;
	const { left: x, top: y, beyond } = placePoint(frame, point);
	if (beyond !== null) {
		const look = { fill: colour, stroke: 'var(--line-strong)', strokeWidth: size / 12 };
		return [{ kind: 'path', d: arrowPath(beyond, medium.point.arrow), x, y, ...look }];
	}
	const whisker = whiskerPath(frame, point, medium.point.half);
	return [
		...(whisker === '' ? [] : [strokeMark(whisker, colour, { strokeWidth: medium.point.whisker })]),
		{ ...symbolMark(shape, colour, size, { x, y }), ...(faint && { opacity: 0.4 }) }
	];
}

/** Rules across a chart, with their names. */
export function ruleMarks(frame: ChartFrame, rules: readonly Rule[], medium: Medium): Mark[] {
	const { left, top, width } = frame;
	return rules.flatMap((rule): Mark[] => {
		const d = rulePath(frame, rule);
		if (d === '') return [];
		const line = rule.dashed
			? strokeMark(d, 'var(--mark)', { strokeWidth: medium.axis.width, dash: medium.line.dash })
			: strokeMark(d, 'var(--ink-3)', { strokeWidth: medium.axis.width });
		const gap = medium.middle;
		const place =
			rule.axis === 'y'
				? ({ x: left + width - 2, y: placeY(frame, rule.at) - gap, anchor: 'end' } as const)
				: { x: placeX(frame, rule.at) + gap, y: top + medium.text };
		return rule.label === '' || rule.axis === 'diagonal'
			? [line]
			: [
					line,
					{ kind: 'text', text: rule.label, size: medium.text, fill: 'var(--ink-2)', ...place }
				];
	});
}

/** What lies behind the points that can be pointed at: lines that join them, and faint series. */
export function backgroundMarks(
	frame: ChartFrame,
	series: readonly PointSeries[],
	medium: Medium
): Mark[] {
	return series.flatMap((each): Mark[] => [
		...(each.joined
			? [
					strokeMark(joinPath(frame, each.points), each.colour, {
						strokeWidth: medium.point.whisker,
						opacity: 0.6
					})
				]
			: []),
		...(each.faint ? each.points.flatMap((point) => pointMarks(frame, each, point, medium)) : [])
	]);
}

/** Names beside the points that have one. */
export function labelMarks(
	frame: ChartFrame,
	points: readonly ChartPoint[],
	{ label: size }: Medium
): Mark[] {
	return placeLabels(frame, points, size).map(({ text, x, y, anchor }) => ({
		...{ kind: 'text', text, x, y, size, anchor },
		...{ fill: 'var(--ink-2)', halo: 'var(--panel)' }
	}));
}

export interface PointFigure extends PointPlot {
	title: string;
	caption: string;
	/** What the colours of the points stand for, where they have colours of their own. */
	legend?: { scale: ColourScale; label: string };
}

const LEFT = 36;
const HEIGHT = 132;
const BELOW = 22;
const NAME_HEIGHT = 9;

/** A chart of points with caption, at a paper's column width. */
export function pointFigure(chart: PointFigure): Figure {
	const { title, caption, series, rules = [], xTitle, yTitle, legend } = chart;
	const shown = series.filter(({ points }) => points.length > 0);
	const names = shown.length > 1 ? nameMarks(shown) : { marks: [], height: 2 };
	const { x, y, xTicks, yTicks } = axesOf(chart, 5);
	const width = COLUMN_WIDTH - LEFT - 6;
	const frame: ChartFrame = { left: LEFT, top: names.height + 2, width, height: HEIGHT, x, y };
	const bottom = frame.top + HEIGHT + BELOW;
	const live = shown.filter(({ faint }) => faint !== true);
	const marks = [
		...names.marks,
		...axesMarks(frame, { xTicks, yTicks, xTitle, yTitle }, PAPER),
		...ruleMarks(frame, rules, PAPER),
		...backgroundMarks(frame, shown, PAPER),
		...live.flatMap((each) =>
			each.points.flatMap((point) => pointMarks(frame, each, point, PAPER))
		),
		...labelMarks(
			frame,
			live.flatMap(({ points }) => points),
			PAPER
		),
		...(legend === undefined
			? []
			: legendMarks(
					legend.scale,
					legend.label,
					{ left: LEFT, top: bottom, width: 120 },
					formatTick
				))
	];
	const height = legend === undefined ? bottom : bottom + LEGEND_HEIGHT;
	return { title, caption, width: COLUMN_WIDTH, height, marks };
}

/** Shapes and names of the series, in as many lines as they need. */
function nameMarks(series: readonly PointSeries[]): { marks: Mark[]; height: number } {
	let x = LEFT;
	let y = NAME_HEIGHT - 2;
	const marks = series.flatMap(({ name, colour, shape }) => {
		const width = name.length * 3.4 + 14;
		if (x > LEFT && x + width > COLUMN_WIDTH) {
			x = LEFT;
			y += NAME_HEIGHT;
		}
		const drawn = [
			symbolMark(shape, colour, PAPER.point.size, { x: x + 3, y: y - 2.2 }),
			text(name, x + 8, y)
		];
		x += width;
		return drawn;
	});
	return { marks, height: y + 3 };
}
