import type { DepthSpan } from '$analysis/compare/types.ts';
import type { Figure, Mark } from '$analysis/figure/marks.ts';
import { cut, textWidth } from '$analysis/figure/measure.ts';
import { PAPER } from '$analysis/figure/medium.ts';
import { LINE, SOFT_INK, text } from '$analysis/figure/sheet.ts';
import { SINGLE, type Style } from '$analysis/figure/style.ts';
import { spanWords } from '$analysis/text/plan.ts';

/** The spans of one run over its depth. */
export interface DepthBar {
	name: string;
	layers: number;
	/** CSS colour on the screen. */
	colour: string;
	spans: readonly DepthSpan[];
}

const STEP = 18;
const HEIGHT = 13;
/** Longest name of a run, points. */
const MOST_NAME = 90;
const RIGHT = 6;

/** Bars over relative depth with the spans of each run. */
export function depthFigure(
	parts: { title: string; caption: string; bars: readonly DepthBar[] },
	style: Style = SINGLE
): Figure {
	const { bars, ...heading } = parts;
	const names = bars.map(({ name }) => cut(name, MOST_NAME, PAPER.text));
	const left = Math.max(...names.map((name) => textWidth(name, PAPER.text))) + 6;
	const wide = style.width - left - RIGHT;
	const rows = bars.flatMap(({ spans }, row): Mark[] => {
		const y = row * STEP + 2;
		return [
			text(names[row], left - 4, y + 9.2, { anchor: 'end' }),
			{ kind: 'rect', x: left, y, width: wide, height: HEIGHT, stroke: LINE, strokeWidth: 0.5 },
			...spans.flatMap((span, index): Mark[] => {
				const [x, width] = [left + span.from * wide, (span.to - span.from) * wide];
				const words = spanWords(span);
				// A span too thin for its layers goes without them.
				const label =
					textWidth(words, PAPER.label) + 2 > width
						? []
						: [text(words, x + width / 2, y + 9, { anchor: 'middle', size: PAPER.label })];
				// Spans that touch are parted by a gap and by their edge.
				const look = {
					fill: index % 2 === 0 ? 'var(--accent-soft)' : 'var(--panel)',
					stroke: 'var(--accent)',
					strokeWidth: 0.7
				};
				const box = { x: x + 0.6, y: y + 0.6, width: width - 1.2, height: HEIGHT - 1.2 };
				return [{ kind: 'rect', ...box, ...look }, ...label];
			})
		];
	});
	const bottom = bars.length * STEP + 9;
	const ticks = [0, 0.25, 0.5, 0.75, 1].map((tick) =>
		text(String(tick), left + tick * wide, bottom, {
			anchor: tick === 1 ? 'end' : 'middle',
			colour: SOFT_INK
		})
	);
	const axis = text('relative depth', left + wide / 2, bottom + 10, {
		anchor: 'middle',
		colour: SOFT_INK
	});
	return {
		...{ ...heading, width: style.width, height: bottom + 13, marks: [...rows, ...ticks, axis] },
		data: {
			kind: 'table',
			header: ['run', 'spans'],
			rows: bars.map(({ name, spans }) => [name, spans.map(spanWords).join(', ')])
		}
	};
}
