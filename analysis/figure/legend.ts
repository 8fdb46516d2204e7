import { TABLE_SIZE, type ColourScale } from './colour.ts';
import type { Mark } from './marks.ts';
import { LINE, SOFT_INK, text } from './sheet.ts';

/** Height that a legend takes, points. */
export const LEGEND_HEIGHT = 30;
const STEPS = 64;

/** What colours stand for: a bar with its ends and middle, 24 points high from `top`. */
export function legendMarks(
	scale: ColourScale,
	label: string,
	{ left, top, width }: { left: number; top: number; width: number },
	format: (value: number) => string
): Mark[] {
	const step = width / STEPS;
	const [low, high] = scale.range;
	return [
		text(label, left, top + 7, { colour: SOFT_INK }),
		...Array.from({ length: STEPS }, (_, index): Mark => {
			const entry = Math.round((index / (STEPS - 1)) * (TABLE_SIZE - 1)) * 3;
			const fill = `rgb(${scale.table.subarray(entry, entry + 3).join(',')})`;
			// Each reaches below the next, so that no gap shows between them.
			const wide = index === STEPS - 1 ? step : step * 1.5;
			return { kind: 'rect', x: left + index * step, y: top + 10, width: wide, height: 6, fill };
		}),
		{ kind: 'rect', x: left, y: top + 10, width, height: 6, stroke: LINE, strokeWidth: 0.5 },
		text(format(low), left, top + 24),
		text(format((low + high) / 2), left + width / 2, top + 24, { anchor: 'middle' }),
		text(format(high), left + width, top + 24, { anchor: 'end' })
	];
}
