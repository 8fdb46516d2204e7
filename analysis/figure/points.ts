import { formatTick } from '../text/number.ts';
import { axesMarks, type Tick } from './axes.ts';
import { arrowPath, placePoint } from './beyond.ts';
import type { ColourScale } from './colour.ts';
import { placeX, placeY, type ChartFrame } from './frame.ts';
import { legendMarks } from './legend.ts';
import { leftOf } from './lines.ts';
import { strokeMark, type Figure, type Mark } from './marks.ts';
import { cut, textWidth } from './measure.ts';
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
import { text } from './sheet.ts';
import { SINGLE, type Style } from './style.ts';

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
		...labelMarks(
			frame,
			live.flatMap(({ points }) => points),
			PAPER
		),
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
