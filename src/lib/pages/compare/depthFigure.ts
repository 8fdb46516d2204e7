import type { DepthSpan } from '$analysis/compare/types.ts';
import { COLUMN_WIDTH, figure, fixed, LINE, SOFT_INK, text } from '../../figure/frame.ts';
import { spanWords } from '$analysis/text/plan.ts';

/** The spans of one run over its depth. */
export interface DepthBar {
	name: string;
	layers: number;
	/** CSS colour on the screen. */
	colour: string;
	spans: readonly DepthSpan[];
}

const LEFT = 62;
const WIDTH = COLUMN_WIDTH - LEFT - 6;
const STEP = 17;
const HEIGHT = 12;

/** Room of a digit, points; a span too thin for its layers goes without them. */
const CHARACTER = 3.6;

/** Bars over relative depth with the spans of each run, as a standalone SVG at a paper's column width. */
export function depthFigure(parts: {
	title: string;
	caption: string;
	bars: readonly DepthBar[];
}): string {
	const { bars, ...heading } = parts;
	const rows = bars.map(({ name, spans }, row) => {
		const y = row * STEP + 2;
		return [
			text(name, LEFT - 4, y + 8.5, { anchor: 'end' }),
			`<rect x="${LEFT}" y="${y}" width="${WIDTH}" height="${HEIGHT}" fill="none" stroke="${LINE}" stroke-width="0.5"/>`,
			...spans.map((span) => {
				const [x, width] = [LEFT + span.from * WIDTH, (span.to - span.from) * WIDTH];
				const words = spanWords(span);
				const label =
					words.length * CHARACTER > width
						? ''
						: text(words, x + width / 2, y + 8.5, { anchor: 'middle' });
				return `<rect x="${fixed(x)}" y="${y}" width="${fixed(width)}" height="${HEIGHT}" fill="#d5e2f1" stroke="#1f5fa8" stroke-width="0.7"/>${label}`;
			})
		].join('');
	});
	const bottom = bars.length * STEP + 8;
	const ticks = [0, 0.25, 0.5, 0.75, 1].map((tick) =>
		text(String(tick), LEFT + tick * WIDTH, bottom, { anchor: 'middle', colour: SOFT_INK })
	);
	const axis = text('relative depth', LEFT + WIDTH / 2, bottom + 9, {
		anchor: 'middle',
		colour: SOFT_INK
	});
	return figure({ ...heading, height: bottom + 12, drawing: [...rows, ...ticks, axis].join('\n') });
}
