import type { DepthSpan } from '$analysis/compare/types.ts';
import type { Figure, Mark } from '$analysis/figure/marks.ts';
import { COLUMN_WIDTH, LINE, SOFT_INK, text } from '$analysis/figure/sheet.ts';
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

/** Bars over relative depth with the spans of each run, at a paper's column width. */
export function depthFigure(parts: {
	title: string;
	caption: string;
	bars: readonly DepthBar[];
}): Figure {
	const { bars, ...heading } = parts;
	const rows = bars.flatMap(({ name, spans }, row): Mark[] => {
		const y = row * STEP + 2;
		return [
			text(name, LEFT - 4, y + 8.5, { anchor: 'end' }),
			{ kind: 'rect', x: LEFT, y, width: WIDTH, height: HEIGHT, stroke: LINE, strokeWidth: 0.5 },
			...spans.flatMap((span): Mark[] => {
				const [x, width] = [LEFT + span.from * WIDTH, (span.to - span.from) * WIDTH];
				const words = spanWords(span);
				const label =
					words.length * CHARACTER > width
						? []
						: [text(words, x + width / 2, y + 8.5, { anchor: 'middle' })];
				const look = { fill: 'var(--accent-soft)', stroke: 'var(--accent)', strokeWidth: 0.7 };
				return [{ kind: 'rect', x, y, width, height: HEIGHT, ...look }, ...label];
			})
		];
	});
	const bottom = bars.length * STEP + 8;
	const ticks = [0, 0.25, 0.5, 0.75, 1].map((tick) =>
		text(String(tick), LEFT + tick * WIDTH, bottom, { anchor: 'middle', colour: SOFT_INK })
	);
	const axis = text('relative depth', LEFT + WIDTH / 2, bottom + 9, {
		anchor: 'middle',
		colour: SOFT_INK
	});
	const marks = [...rows, ...ticks, axis];
	return { ...heading, width: COLUMN_WIDTH, height: bottom + 12, marks };
}
