import type { Paint, TextMark } from './marks.ts';
import { PAPER } from './medium.ts';

/** A single column of a two-column paper, points: 3.25 in. */
export const COLUMN_WIDTH = 234;

export const INK = 'var(--ink)';
export const SOFT_INK = 'var(--ink-2)';
export const LINE = 'var(--line-strong)';

/** Text on paper. */
export function text(
	content: string,
	x: number,
	y: number,
	options: { size?: number; colour?: Paint; anchor?: TextMark['anchor']; turn?: number } = {}
): TextMark {
	const { size = PAPER.text, colour = INK, ...rest } = options;
	return { kind: 'text', text: content, x, y, size, fill: colour, ...rest };
}
