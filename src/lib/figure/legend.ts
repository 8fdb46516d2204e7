import { TABLE_SIZE, type ColourScale } from '../colour/scale.ts';
import { LINE, SOFT_INK, text } from './frame.ts';

/** Room for a legend, points. */
export const LEGEND_HEIGHT = 30;

/** What colours stand for: a bar with its ends and middle, 24 points high from `top`. */
export function legend(
	scale: ColourScale,
	label: string,
	{ left, top, width }: { left: number; top: number; width: number },
	format: (value: number) => string
): string {
	const stops = Array.from({ length: 33 }, (_, index) => {
		const entry = Math.round((index / 32) * (TABLE_SIZE - 1)) * 3;
		const colour = `rgb(${scale.table.subarray(entry, entry + 3).join(',')})`;
		return `<stop offset="${Math.round((index / 32) * 100) / 100}" stop-color="${colour}"/>`;
	}).join('');
	const [low, high] = scale.range;
	return [
		`<defs><linearGradient id="legend">${stops}</linearGradient></defs>`,
		text(label, left, top + 7, { colour: SOFT_INK }),
		`<rect x="${left}" y="${top + 10}" width="${width}" height="6" fill="url(#legend)" stroke="${LINE}" stroke-width="0.5"/>`,
		text(format(low), left, top + 24),
		text(format((low + high) / 2), left + width / 2, top + 24, { anchor: 'middle' }),
		text(format(high), left + width, top + 24, { anchor: 'end' })
	].join('');
}
