import type { ChartFrame } from '../chart/geometry.ts';
import { placeX, placeY } from '../chart/geometry.ts';
import {
	isOpen,
	joinPath,
	placeLabels,
	rangeOf,
	reachOf,
	rulePath,
	shapePath,
	ticksOf,
	whiskerPath,
	type PointSeries,
	type Rule
} from '../chart/points.ts';
import { COLUMN_WIDTH, figure, fixed, LINE, SOFT_INK, text, TEXT_SIZE } from './frame.ts';

export interface PointFigure {
	title: string;
	caption: string;
	series: readonly PointSeries[];
	rules?: readonly Rule[];
	x?: readonly [number, number];
	y?: readonly [number, number];
	xTitle: string;
	yTitle: string;
	xFormat: (value: number) => string;
	yFormat: (value: number) => string;
	xTicks?: readonly { at: number; label: string }[];
}

const LEFT = 36;
const HEIGHT = 132;
const NAME_HEIGHT = 9;

/** A chart of points with caption, as a standalone SVG at a paper's column width. */
export function pointFigure(chart: PointFigure): string {
	const { series, rules = [], xFormat, yFormat } = chart;
	const shown = series.filter(({ points }) => points.length > 0);
	const limits = (axis: 'x' | 'y') =>
		rules.flatMap((rule) => (rule.axis === axis ? [rule.at] : []));
	const names = shown.length > 1 ? legend(shown) : { drawing: '', height: 2 };
	const xs = shown.flatMap(({ points }) => points.map(({ x }) => x));
	const frame: ChartFrame = {
		left: LEFT,
		top: names.height + 2,
		width: COLUMN_WIDTH - LEFT - 6,
		height: HEIGHT,
		x: chart.x ?? rangeOf(xs, limits('x')),
		y: chart.y ?? rangeOf(reachOf(shown), limits('y'))
	};
	const bottom = frame.top + HEIGHT;
	const ticks = chart.xTicks ?? ticksOf(frame.x, 5).map((at) => ({ at, label: xFormat(at) }));
	const live = shown.filter(({ faint }) => faint !== true).flatMap(({ points }) => points);
	const drawing = [
		names.drawing,
		...ticksOf(frame.y, 5).map((tick) => {
			const y = placeY(frame, tick);
			return `<path d="M${LEFT} ${fixed(y)}h${frame.width}" stroke="#dfe2e5" stroke-width="0.5"/>${text(yFormat(tick), LEFT - 3, y + 2, { anchor: 'end' })}`;
		}),
		`<path d="M${LEFT} ${frame.top}V${bottom}h${frame.width}" fill="none" stroke="${LINE}" stroke-width="0.5"/>`,
		...ticks.map(({ at, label }) =>
			text(label, placeX(frame, at), bottom + 8, { anchor: 'middle' })
		),
		...rules.map((rule) => {
			const dash = rule.dashed ? ' stroke-dasharray="3 2"' : '';
			const name =
				rule.axis === 'y' && rulePath(frame, rule) !== ''
					? text(rule.label, COLUMN_WIDTH - 8, placeY(frame, rule.at) - 2, { anchor: 'end' })
					: '';
			return `<path d="${rulePath(frame, rule)}" stroke="${SOFT_INK}" stroke-width="0.6"${dash}/>${name}`;
		}),
		...shown.flatMap((each) => pointsOf(each, frame)),
		...placeLabels(frame, live, TEXT_SIZE - 0.5).map(({ text: label, x, y, anchor }) =>
			text(label, x, y, { anchor, size: TEXT_SIZE - 0.5 })
		),
		text(chart.xTitle, LEFT + frame.width / 2, bottom + 17, { anchor: 'middle', colour: SOFT_INK }),
		text(chart.yTitle, 6, frame.top + HEIGHT / 2, {
			anchor: 'middle',
			colour: SOFT_INK,
			turn: -90
		})
	].join('\n');
	const { title, caption } = chart;
	return figure({ title, caption, drawing, height: bottom + 20 });
}

function pointsOf({ points, paper, shape, joined, faint }: PointSeries, frame: ChartFrame) {
	const size = faint ? 2.4 : 4.2;
	const look = isOpen(shape)
		? `fill="none" stroke="${paper}" stroke-width="0.9"`
		: `fill="${paper}" stroke="#fff" stroke-width="0.3"`;
	return [
		joined
			? `<path d="${joinPath(frame, points)}" fill="none" stroke="${paper}" stroke-width="0.6" opacity="0.6"/>`
			: '',
		...points.map(
			(point) =>
				`<path d="${whiskerPath(frame, point, 1.6)}" fill="none" stroke="${paper}" stroke-width="0.6"/>` +
				`<path transform="translate(${fixed(placeX(frame, point.x))} ${fixed(placeY(frame, point.y))})" d="${shapePath(shape, size)}" ${look}${faint ? ' opacity="0.4"' : ''}/>`
		)
	];
}

/** Shapes and names of the series, in as many lines as they need. */
function legend(series: readonly PointSeries[]): { drawing: string; height: number } {
	let x = LEFT;
	let y = NAME_HEIGHT - 2;
	const drawing = series.map(({ name, paper, shape }) => {
		const width = name.length * 3.4 + 14;
		if (x > LEFT && x + width > COLUMN_WIDTH) {
			x = LEFT;
			y += NAME_HEIGHT;
		}
		const look = isOpen(shape) ? `fill="none" stroke="${paper}"` : `fill="${paper}"`;
		const drawn =
			`<path transform="translate(${fixed(x + 3)} ${fixed(y - 2.2)})" d="${shapePath(shape, 4.2)}" ${look}/>` +
			text(name, x + 8, y);
		x += width;
		return drawn;
	});
	return { drawing: drawing.join(''), height: y + 3 };
}
