import { formatTick } from '../text/number.ts';
import { axesMarks, type Tick } from './axes.ts';
import { niceRange, ticksOf, type Series } from './frame.ts';
import { lineMarks } from './lines.ts';
import { fixed, strokeMark, type Figure, type Mark } from './marks.ts';
import { cut, textWidth } from './measure.ts';
import { PAPER } from './medium.ts';
import { SOFT_INK, text } from './sheet.ts';
import { SINGLE, wanted, type Style } from './style.ts';
import { wrap } from './wrap.ts';

export interface LineFigure {
	title: string;
	caption: string;
	x: readonly [number, number];
	xTicks: readonly Tick[];
	xTitle: string;
	/** Charts, one below the other, over one x axis; y in round numbers around the values unless given. */
	charts: readonly { title: string; series: readonly Series[]; y?: readonly [number, number] }[];
}

const CHART_HEIGHT = 52;
const HEAD = 12;
const RIGHT = 5;

/** Charts with caption, one below the other. */
export function lineFigure(
	{ charts, x, xTicks, xTitle, ...heading }: LineFigure,
	style: Style = SINGLE
): Figure {
	const drawn = wanted(charts, style).map((chart) => {
		const y = chart.y ?? niceRange(chart.series);
		return { ...chart, y, yTicks: ticksOf(y, 3).map((at) => ({ at, label: formatTick(at) })) };
	});
	const left = leftOf(drawn.flatMap(({ yTicks }) => yTicks));
	const width = style.width - left - RIGHT;
	let top = 0;
	const marks = drawn.flatMap(({ title, series, y, yTicks }, index): Mark[] => {
		const head = headMarks(title, series, { left, top, width });
		const frame = { left, top: top + head.height, width, height: CHART_HEIGHT, x, y };
		const last = index === drawn.length - 1;
		top = frame.top + CHART_HEIGHT + 7;
		return [
			...head.marks,
			...axesMarks(frame, last ? { xTicks, yTicks, xTitle } : { xTicks: [], yTicks }, PAPER),
			...lineMarks(frame, series, PAPER)
		];
	});
	return {
		...{ ...heading, width: style.width, height: top + 15, marks },
		data: { kind: 'lines', xTitle, charts: drawn }
	};
}

/** Width that the labels of y take, points. */
export function leftOf(yTicks: readonly Tick[], yTitle = false): number {
	const widest = Math.max(0, ...yTicks.map(({ label }) => textWidth(label, PAPER.text)));
	return Math.ceil(widest + PAPER.axis.yLabel + (yTitle ? PAPER.axis.yTitle + 4 : 1));
}

/** The title of a chart and, of several series, their names in their colours: beside it where they fit, else below. */
function headMarks(
	title: string,
	series: readonly Series[],
	{ left, top, width }: { left: number; top: number; width: number }
): { marks: Mark[]; height: number } {
	const titles = wrap(title, width, PAPER.text);
	const line = (index: number) => top + HEAD * (index + 1) - 3.5;
	const marks: Mark[] = titles.map((words, index) =>
		text(words, left, line(index), { colour: SOFT_INK })
	);
	if (series.length < 2) return { marks, height: titles.length * HEAD };
	const GAP = 10;
	const SAMPLE = 9;
	const widths = series.map(({ name }) => textWidth(name, PAPER.text) + SAMPLE + 3 + GAP);
	const all = widths.reduce((sum, each) => sum + each, 0) - GAP;
	let row = titles.length;
	let x = left;
	if (titles.length === 1 && textWidth(title, PAPER.text) + GAP + all <= width) {
		row = 0;
		x = left + width - all;
	}
	series.forEach(({ name, colour, dashed }, index) => {
		if (x > left && x + widths[index] - GAP > left + width + 0.01) {
			row++;
			x = left;
		}
		marks.push(
			strokeMark(`M${fixed(x)} ${fixed(line(row) - 2.6)}h${SAMPLE}`, colour, {
				strokeWidth: PAPER.line.width,
				...(dashed && { dash: PAPER.line.dash })
			}),
			text(cut(name, width - SAMPLE - 3, PAPER.text), x + SAMPLE + 3, line(row))
		);
		x += widths[index];
	});
	return { marks, height: (row + 1) * HEAD };
}
