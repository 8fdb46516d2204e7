import type { Figure, Mark, Paint, TextMark } from './marks.ts';
import { PAPER } from './medium.ts';
import type { Style } from './style.ts';
import { wrap } from './wrap.ts';

const INK = 'var(--ink)';
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

/** A sheet of paper: nothing on it lies beyond its edges. Points. */
export interface Sheet {
	width: number;
	height: number;
	marks: Mark[];
}

const TITLE_SIZE = 8;
const CAPTION_SIZE = 7;
const LINE_HEIGHT = 1.3;
/** Around everything. */
const EDGE = 2;

/** A figure below its title and above its caption, of which the style may want neither. */
export function sheetOf(
	figure: Figure,
	{ title, caption }: Pick<Style, 'title' | 'caption'>
): Sheet {
	const { width, height, marks } = figure;
	const across = width - 2 * EDGE;
	const titles = title ? wrap(figure.title, across, TITLE_SIZE, 'bold') : [];
	const captions = caption ? wrap(figure.caption, across, CAPTION_SIZE) : [];
	const top = titles.length === 0 ? EDGE : titles.length * TITLE_SIZE * LINE_HEIGHT + 5;
	const bottom = top + height + (captions.length === 0 ? 0 : 5);
	return {
		width,
		height: Math.ceil(bottom + captions.length * CAPTION_SIZE * LINE_HEIGHT + EDGE),
		marks: [
			...titles.map((line, index): Mark => ({
				...text(line, EDGE, (index + 1) * TITLE_SIZE * LINE_HEIGHT - 1, { size: TITLE_SIZE }),
				weight: 600
			})),
			...marks.map((mark) => moved(mark, 0, top)),
			...captions.map((line, index) =>
				text(line, EDGE, bottom + (index + 1) * CAPTION_SIZE * LINE_HEIGHT - 2, {
					size: CAPTION_SIZE,
					colour: SOFT_INK
				})
			)
		]
	};
}

/** A mark at another place. */
export function moved(mark: Mark, x: number, y: number): Mark {
	return { ...mark, x: (mark.x ?? 0) + x, y: (mark.y ?? 0) + y };
}
