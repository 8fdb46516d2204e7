import { TABLE_SIZE, type ColourScale } from './colour.ts';
import { ticksOf } from './frame.ts';
import type { Mark } from './marks.ts';
import { textWidth } from './measure.ts';
import { PAPER } from './medium.ts';
import { LINE, SOFT_INK, text } from './sheet.ts';
import { wrap } from './wrap.ts';

const BAR = 5;
/** Width of a pointed end. */
const POINT = 4;

/** Legend of a colour scale: the quantity that its colours stand for. */
export interface Legend {
	scale: ColourScale;
	label: string;
	format: (value: number) => string;
	/** Values lie below or above the range: the bar ends in a point there. */
	under?: boolean;
	over?: boolean;
}

/** A bar of colours with round values along it, its name above; and the height that it takes. Points. */
export function legendMarks(
	{ scale, label, format, under = false, over = false }: Legend,
	{ left, top, width }: { left: number; top: number; width: number }
): { marks: Mark[]; height: number } {
	const { range, table } = scale;
	const names = wrap(label, width, PAPER.text);
	const y = top + names.length * PAPER.text * 1.25 + 2;
	const [from, to] = [left + (under ? POINT : 0), left + width - (over ? POINT : 0)];
	const bar = { x: from, y, width: to - from, height: BAR };
	const colour = (entry: number) => `rgb(${table.subarray(entry * 3, entry * 3 + 3).join(',')})`;
	const place = (value: number) => from + ((value - range[0]) / (range[1] - range[0])) * bar.width;
	const middle = y + BAR / 2;
	let free = left;
	const ticks = ticksOf(range, 4).flatMap((value): Mark[] => {
		const name = format(value);
		const half = textWidth(name, PAPER.text) / 2;
		const x = Math.max(left + half, Math.min(left + width - half, place(value)));
		if (x - half < free) return [];
		free = x + half + 4;
		const d = `M${place(value).toFixed(2)} ${(y + BAR).toFixed(2)}v2`;
		return [
			{ kind: 'path', d, stroke: LINE, strokeWidth: 0.5 },
			text(name, x, y + BAR + 9, { anchor: 'middle' })
		];
	});
	const end = (d: string, entry: number): Mark => ({
		...{ kind: 'path', d, fill: colour(entry), stroke: LINE, strokeWidth: 0.5 }
	});
	return {
		marks: [
			...names.map((line, index) =>
				text(line, left, top + (index + 1) * PAPER.text * 1.25 - 2, { colour: SOFT_INK })
			),
			{ kind: 'raster', ...bar, rows: 1, columns: TABLE_SIZE, pixels: pixelsOf(table) },
			{ kind: 'rect', ...bar, stroke: LINE, strokeWidth: 0.5 },
			...(under ? [end(`M${from} ${y}L${left} ${middle}L${from} ${y + BAR}z`, 0)] : []),
			...(over
				? [end(`M${to} ${y}L${left + width} ${middle}L${to} ${y + BAR}z`, TABLE_SIZE - 1)]
				: []),
			...ticks
		],
		height: y + BAR + 12 - top
	};
}

/** A colour table as one row of pixels. */
function pixelsOf(table: Uint8ClampedArray): Uint8ClampedArray<ArrayBuffer> {
	const pixels = new Uint8ClampedArray(TABLE_SIZE * 4).fill(255);
	for (let entry = 0; entry < TABLE_SIZE; entry++)
		pixels.set(table.subarray(entry * 3, entry * 3 + 3), entry * 4);
	return pixels;
}
