import { scaleLog } from 'd3-scale';
import { strokeMark, type Figure, type Mark } from '$analysis/figure/marks.ts';
import { PAPER } from '$analysis/figure/medium.ts';
import { symbolMark } from '$analysis/figure/points.ts';
import { textWidth } from '$analysis/figure/measure.ts';
import { INK, LINE, SOFT_INK, text } from '$analysis/figure/sheet.ts';
import { SINGLE, type Style } from '$analysis/figure/style.ts';
import { endText, ratioRange, type BenchRow } from '$analysis/measure/bench/rows.ts';

const ROW = 28;
const AXIS = 14;
const GOOD = 'var(--good)';
const BAD = 'var(--bad)';

/** The ratios with their intervals around 1, both models' figures above them, in the width of the style. */
export function benchFigure(
	parts: { title: string; caption: string; rows: readonly BenchRow[] },
	{ width }: Style = SINGLE
): Figure {
	const { title, caption, rows } = parts;
	const range = ratioRange(rows);
	const words = Math.max(
		...rows.flatMap(({ figure }) =>
			[figure.words.less, figure.words.more].map((word) => textWidth(word, PAPER.label) + 8)
		)
	);
	const place = scaleLog(range, [words, width - words]);
	const bottom = rows.length * ROW;
	const marks = [
		strokeMark(`M${place(1)} 0V${bottom}`, SOFT_INK, { strokeWidth: 0.5 }),
		...rows.flatMap((row, index) => rowOf(row, index * ROW, place, width)),
		strokeMark(`M${words} ${bottom}H${width - words}`, LINE, { strokeWidth: 0.5 }),
		...[range[0], 1, range[1]].map((at) =>
			text(at === 1 ? '1' : endText(at), place(at), bottom + 9, {
				anchor: 'middle',
				colour: SOFT_INK
			})
		)
	];
	const data = {
		...({ kind: 'table', header: ['figure', 'baseline', 'planned', 'ratio'] } as const),
		rows: rows.map(({ figure, baseline, planned, ratio }) => [
			...[figure.name, baseline.main, planned.main, ratio.main]
		])
	};
	return { title, caption, width, height: bottom + AXIS, marks, data };
}

function rowOf(row: BenchRow, top: number, place: (value: number) => number, wide: number): Mark[] {
	const { better, words, name } = row.figure;
	const { main, middle, low, high } = row.ratio;
	const y = top + 18;
	const colour = row.verdict === null ? INK : row.verdict === 'better' ? GOOD : BAD;
	const word = (side: 'less' | 'more') =>
		text(words[side], side === 'less' ? 2 : wide - 2, y + 2, {
			anchor: side === 'less' ? 'start' : 'end',
			colour: side === better ? GOOD : SOFT_INK,
			size: PAPER.label
		});
	const [left, right] = [place(low), place(high)];
	const whisker = `M${left} ${y - 2}v4M${left} ${y}H${right}M${right} ${y - 2}v4`;
	return [
		text(name, 2, top + 8),
		text(`${row.baseline.main} → ${row.planned.main}   ${main}`, wide - 2, top + 8, {
			anchor: 'end'
		}),
		word('less'),
		word('more'),
		strokeMark(whisker, colour, { strokeWidth: 0.8 }),
		symbolMark('circle', colour, PAPER.point.size, { x: place(middle), y })
	];
}
