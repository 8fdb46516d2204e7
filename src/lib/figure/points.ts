import type { ChartFrame } from '../chart/geometry.ts';
import { placeX, placeY } from '../chart/geometry.ts';
import {
	axesOf,
	isOpen,
	joinPath,
	placeLabels,
	rulePath,
	shapePath,
	whiskerPath,
	type PointPlot,
	type PointSeries
} from '../chart/points.ts';
import { axes } from './axes.ts';
import { COLUMN_WIDTH, figure, fixed, SOFT_INK, text, TEXT_SIZE } from './frame.ts';

export interface PointFigure extends PointPlot {
	title: string;
	caption: string;
}

const LEFT = 36;
const HEIGHT = 132;
const NAME_HEIGHT = 9;

/** A chart of points with caption, as a standalone SVG at a paper's column width. */
export function pointFigure(chart: PointFigure): string {
	const { series, rules = [], xTitle, yTitle } = chart;
	const shown = series.filter(({ points }) => points.length > 0);
	const names = shown.length > 1 ? legend(shown) : { drawing: '', height: 2 };
	const { x, y, xTicks, yTicks } = axesOf(chart, 5);
	const frame: ChartFrame = {
		left: LEFT,
		top: names.height + 2,
		width: COLUMN_WIDTH - LEFT - 6,
		height: HEIGHT,
		x,
		y
	};
	const bottom = frame.top + HEIGHT;
	const live = shown.filter(({ faint }) => faint !== true).flatMap(({ points }) => points);
	const drawing = [
		names.drawing,
		axes(frame, { xTicks, yTicks, xTitle, yTitle }),
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
		)
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
