import { bandPath, linePath, placeX, placeY, type ChartFrame, type Series } from './frame.ts';
import { strokeMark, type Mark } from './marks.ts';
import type { Medium } from './medium.ts';
import { shapePath } from './shapes.ts';

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
