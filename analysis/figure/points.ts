import { arrowPath, placePoint } from './beyond.ts';
import { placeX, placeY, type ChartFrame } from './frame.ts';
import { placeLabels, type Box } from './labels.ts';
import { strokeMark, type Mark, type TextMark } from './marks.ts';
import { textWidth } from './measure.ts';
import type { Medium } from './medium.ts';
import {
	joinLines,
	joinPath,
	rulePath,
	whiskerPath,
	type ChartPoint,
	type PointSeries,
	type Rule
} from './plot.ts';
import { isOpen, shapePath, type PointShape } from './shapes.ts';

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

/** Returns the step of points that stand aside: the distance per symbol that they are moved by. */
export function asideStep({ point }: Medium): number {
	return point.size * 1.25;
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
	const { left: x, top: y, beyond } = placePoint(frame, point, asideStep(medium));
	if (beyond !== null) {
		const look = { fill: colour, stroke: 'var(--line-strong)', strokeWidth: size / 12 };
		return [{ kind: 'path', d: arrowPath(beyond, medium.point.arrow), x, y, ...look }];
	}
	const whisker = whiskerPath(frame, point, medium.point.half, x);
	return [
		...(whisker === '' ? [] : [strokeMark(whisker, colour, { strokeWidth: medium.point.whisker })]),
		{ ...symbolMark(shape, colour, size, { x, y }), ...(faint && { opacity: 0.4 }) }
	];
}

/** Rules across a chart, with their names. */
export function ruleMarks(frame: ChartFrame, rules: readonly Rule[], medium: Medium): Mark[] {
	return rules.flatMap((rule): Mark[] => {
		const d = rulePath(frame, rule);
		if (d === '') return [];
		const line = rule.dashed
			? strokeMark(d, 'var(--mark)', { strokeWidth: medium.axis.width, dash: medium.line.dash })
			: strokeMark(d, 'var(--ink-3)', { strokeWidth: medium.axis.width });
		const name = ruleName(frame, rule, medium);
		return name === null ? [line] : [line, name];
	});
}

/** The name of a rule, within the frame; null: it has none. */
function ruleName(
	frame: ChartFrame,
	rule: Rule,
	{ text: size, middle, point }: Medium
): TextMark | null {
	if (rule.label === '' || rule.axis === 'diagonal' || rulePath(frame, rule) === '') return null;
	const { left, top, width } = frame;
	const end = left + width - 2;
	const look = {
		...({ kind: 'text', text: rule.label, size } as const),
		...{ fill: 'var(--ink-2)', halo: 'var(--panel)' }
	};
	if (rule.axis === 'y')
		return { ...look, x: end, y: placeY(frame, rule.at) - middle, anchor: 'end' };
	const x = placeX(frame, rule.at);
	// Clear of an interval that stands on the rule.
	const gap = middle + point.half;
	return x + gap + textWidth(rule.label, size) <= end
		? { ...look, x: x + gap, y: top + size }
		: { ...look, x: x - gap, y: top + size, anchor: 'end' };
}

/** Draws the marks behind the points that can be pointed at: lines that join them, and faint series. */
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

/**
 * Names beside the points that have one, clear of each other, of the names of rules and as far as can be of points,
 * intervals and the lines that join points; faint series have none.
 */
export function labelMarks(
	frame: ChartFrame,
	series: readonly PointSeries[],
	medium: Medium,
	rules: readonly Rule[] = []
): Mark[] {
	const { label: size } = medium;
	const points = series.flatMap((each) => (each.faint === true ? [] : each.points));
	const joins = series.flatMap((each) => (each.joined ? joinLines(frame, each.points) : []));
	const places = points.map((point) => ({ point, ...placePoint(frame, point, asideStep(medium)) }));
	const named = places.flatMap(({ point, left, top }) =>
		point.label === undefined
			? []
			: [{ id: point.id, text: point.label, left, top, marked: point.marked }]
	);
	const kept = rules.flatMap((rule) => {
		const name = ruleName(frame, rule, medium);
		if (name === null) return [];
		const width = textWidth(name.text, name.size);
		const from = name.anchor === 'end' ? name.x - width : name.x;
		return [{ left: from, top: name.y - name.size, width, height: name.size * 1.25 }];
	});
	const drawn = [
		...places.flatMap(({ point, left, top }) => [
			symbolBox(left, top, medium.point.size),
			...whiskerBox(frame, point, left)
		]),
		...rules.flatMap((rule) => ruleBox(frame, rule))
	];
	return placeLabels(frame, named, { size, kept, drawn, joins }).flatMap(
		({ text, box, leader }) => [
			...(leader === ''
				? []
				: [strokeMark(leader, 'var(--ink-3)', { strokeWidth: medium.axis.width * 0.75 })]),
			{
				...({ kind: 'text', text, size, fill: 'var(--ink-2)', halo: 'var(--panel)' } as const),
				...{ x: round(box.left), y: round(box.top + box.height - size * 0.35) }
			}
		]
	);
}

/** Returns the box of a dashed rule of x or y, for labels to stand beside; none for any other rule. */
function ruleBox(frame: ChartFrame, rule: Rule): Box[] {
	const { left, top, width, height } = frame;
	if (rule.axis === 'diagonal' || rule.dashed !== true || rulePath(frame, rule) === '') return [];
	return rule.axis === 'x'
		? [{ left: placeX(frame, rule.at) - 1, top, width: 2, height }]
		: [{ left, top: placeY(frame, rule.at) - 1, width, height: 2 }];
}

function symbolBox(left: number, top: number, size: number): Box {
	return { left: left - size / 2, top: top - size / 2, width: size, height: size };
}

function whiskerBox(frame: ChartFrame, { low, high }: ChartPoint, left: number): Box[] {
	if (low === null || low === undefined || high === null || high === undefined) return [];
	const [top, bottom] = [high, low].map((y) =>
		placeY(frame, Math.max(frame.y[0], Math.min(frame.y[1], y)))
	);
	return [{ left: left - 1, top, width: 2, height: bottom - top }];
}

const round = (value: number) => Math.round(value * 100) / 100;
