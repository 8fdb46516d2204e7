import type { DepthSpan } from '$analysis/compare/types.ts';
import { strokeMark, type Figure, type Mark } from '$analysis/figure/marks.ts';
import { cut, textWidth } from '$analysis/figure/measure.ts';
import { PAPER, SCREEN } from '$analysis/figure/medium.ts';
import { LINE, SOFT_INK, text } from '$analysis/figure/sheet.ts';
import { SINGLE, type Style } from '$analysis/figure/style.ts';
import { spanWords } from '$analysis/text/plan.ts';

/** The spans of one run over its depth. */
export interface DepthBar {
	name: string;
	layers: number;
	/** CSS colour. */
	colour: string;
	spans: readonly DepthSpan[];
}

/** Sizes of the bars, in CSS pixels on the screen and in points on paper. */
interface DepthSizes {
	/** From bar to bar, and the height of one. */
	step: number;
	height: number;
	/** Of names, of labels in the bars, and what raises either to its middle. */
	name: number;
	label: number;
	middle: number;
	/** Longest name of a run, and how much wider than the embedded face that of the page may be. */
	mostName: number;
	wider: number;
	line: number;
}
export const DEPTH_ON_SCREEN: DepthSizes = {
	...{ step: 28, height: 24, name: 13, label: SCREEN.label },
	...{ middle: SCREEN.middle, mostName: 180, wider: 1.2, line: 1 }
};
const DEPTH_ON_PAPER: DepthSizes = {
	...{ step: 18, height: 13, name: PAPER.text, label: PAPER.label },
	...{ middle: PAPER.middle, mostName: 90, wider: 1, line: 0.5 }
};
const GAP = 6;
const TICKS = [0, 0.25, 0.5, 0.75, 1];

/** A span where it is drawn. */
interface PlacedSpan {
	x: number;
	y: number;
	width: number;
	height: number;
	/** "4–7" */
	words: string;
	name: string;
}

/** Bars over relative depth with the spans of each run, in a width; `spans` are where they are drawn. */
export function depthMarks(
	bars: readonly DepthBar[],
	width: number,
	sizes: DepthSizes
): { marks: Mark[]; spans: PlacedSpan[]; height: number } {
	const { step, height, name: size, label, middle, line } = sizes;
	const names = bars.map(({ name }) => cut(name, sizes.mostName, size));
	const left = Math.max(0, ...names.map((name) => textWidth(name, size) * sizes.wider)) + GAP;
	const wide = Math.max(10, width - left - GAP);
	const rows = bars.map((bar, row) => {
		const y = row * step + 2;
		const places = bar.spans.map((span): PlacedSpan => ({
			...{ x: left + span.from * wide, width: (span.to - span.from) * wide, y, height },
			...{ words: spanWords(span), name: bar.name }
		}));
		const marks: Mark[] = [
			text(names[row], left - GAP + 2, y + height / 2 + middle, { anchor: 'end', size }),
			strokeMark(layersPath(bar.layers, left, wide, y, height), 'var(--line)', {
				strokeWidth: line / 2
			}),
			{ kind: 'rect', x: left, y, width: wide, height, stroke: LINE, strokeWidth: line / 2 },
			...places.flatMap((place, index) => {
				const source = place.x + place.width / (bar.spans[index].followers.length + 1);
				return spanMarks(place, { colour: bar.colour, index, source }, sizes);
			})
		];
		return { places, marks };
	});
	const bottom = bars.length * step + label + 2;
	const soft = { colour: SOFT_INK, size: label };
	return {
		marks: [
			...rows.flatMap(({ marks }) => marks),
			...TICKS.map((tick) =>
				text(String(tick), left + tick * wide, bottom, {
					anchor: tick === 1 ? 'end' : 'middle',
					...soft
				})
			),
			text('relative depth', left + wide / 2, bottom + label + 3, { anchor: 'middle', ...soft })
		],
		spans: rows.flatMap(({ places }) => places),
		height: bottom + label + 6
	};
}

/** The edges between the layers of a bar. */
function layersPath(layers: number, left: number, wide: number, y: number, height: number): string {
	const edges = Array.from({ length: layers - 1 }, (_, at) => left + ((at + 1) / layers) * wide);
	return edges.map((x) => `M${x.toFixed(2)} ${y}v${height}`).join('');
}

/** A span: its source, which computes its own attention, is set off from its followers by a line. */
function spanMarks(
	{ x, y, width, height, words }: PlacedSpan,
	{ colour, index, source }: { colour: string; index: number; source: number },
	{ label, middle, line }: DepthSizes
): Mark[] {
	// Spans that touch are parted by a gap, by their edge and by their fill.
	const box = { x: x + line, y: y + line, width: width - 2 * line, height: height - 2 * line };
	// A span too thin for its layers goes without them.
	const isNamed = textWidth(words, label) + 2 <= width;
	return [
		{ kind: 'rect', ...box, fill: 'var(--panel)' },
		{ kind: 'rect', ...box, fill: colour, opacity: index % 2 === 0 ? 0.32 : 0.14 },
		{ kind: 'rect', ...box, fill: 'none', stroke: colour, strokeWidth: line },
		strokeMark(`M${source.toFixed(2)} ${y + line}v${height - 2 * line}`, colour, {
			strokeWidth: line
		}),
		...(isNamed
			? [
					{
						...text(words, x + width / 2, y + height / 2 + middle, {
							anchor: 'middle',
							size: label
						}),
						halo: 'var(--panel)'
					}
				]
			: [])
	];
}

/** The same as a figure. */
export function depthFigure(
	parts: { title: string; caption: string; bars: readonly DepthBar[] },
	style: Style = SINGLE
): Figure {
	const { bars, ...heading } = parts;
	const { marks, height } = depthMarks(bars, style.width, DEPTH_ON_PAPER);
	return {
		...{ ...heading, width: style.width, height, marks },
		data: {
			kind: 'table',
			header: ['run', 'spans'],
			rows: bars.map(({ name, spans }) => [name, spans.map(spanWords).join(', ')])
		}
	};
}
