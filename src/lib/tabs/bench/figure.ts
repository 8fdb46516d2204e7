import { scaleLog, type ScaleLogarithmic } from 'd3-scale';
import { strokeMark, type Figure, type Mark } from '$analysis/figure/marks.ts';
import { PAPER } from '$analysis/figure/medium.ts';
import { symbolMark } from '$analysis/figure/points.ts';
import { textWidth } from '$analysis/figure/measure.ts';
import { LINE, SOFT_INK, text } from '$analysis/figure/sheet.ts';
import { SINGLE, type Style } from '$analysis/figure/style.ts';
import { endText, ratioRange, type BenchRow } from '$analysis/measure/bench/rows.ts';

/** Sizes of a ratio, in CSS pixels on the screen and in points on paper. */
interface RatioSizes {
	/** Of the words, and what raises them to their middle. */
	word: number;
	middle: number;
	/** Half the length of the ends of the interval, and the width of its line. */
	half: number;
	line: number;
	dot: number;
	/** Of the word on the better side. */
	weight?: number;
}
type ScaleLog = ScaleLogarithmic<number, number>;

export const RATIO_ON_SCREEN: RatioSizes = {
	word: 11.5,
	middle: 4,
	half: 6,
	line: 2,
	dot: 7,
	weight: 600
};
const RATIO_ON_PAPER: RatioSizes = {
	word: PAPER.label,
	middle: 2,
	half: 2,
	line: 0.8,
	dot: PAPER.point.size
};
/** Between a word and the axis. */
export const WORD_GAP = 6;

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
			[figure.words.less, figure.words.more].map(
				(word) => textWidth(word, PAPER.label) + WORD_GAP + 2
			)
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

function rowOf(row: BenchRow, top: number, place: ScaleLog, wide: number): Mark[] {
	return [
		text(row.figure.name, 2, top + 8),
		text(`${row.baseline.main} → ${row.planned.main}   ${row.ratio.main}`, wide - 2, top + 8, {
			anchor: 'end'
		}),
		...ratioMarks(row, top + 18, place, RATIO_ON_PAPER)
	];
}

/** The ratio of a row with its interval at the height `y` of an axis, between the words for its sides. */
export function ratioMarks(row: BenchRow, y: number, place: ScaleLog, sizes: RatioSizes): Mark[] {
	const { better, words } = row.figure;
	const { middle, low, high } = row.ratio;
	const colour = row.verdict === null ? SOFT_INK : row.verdict === 'better' ? GOOD : BAD;
	const [from, to] = place.range();
	const word = (side: 'less' | 'more') => ({
		...text(words[side], side === 'less' ? from - WORD_GAP : to + WORD_GAP, y + sizes.middle, {
			anchor: side === 'less' ? 'end' : 'start',
			colour: side === better ? GOOD : SOFT_INK,
			size: sizes.word
		}),
		...(side === better && sizes.weight !== undefined && { weight: sizes.weight })
	});
	const ends = [low, high].map((end) => `M${place(end)} ${y - sizes.half}v${2 * sizes.half}`);
	const whisker = `${ends.join('')}M${place(low)} ${y}H${place(high)}`;
	return [
		word('less'),
		word('more'),
		...(low < high ? [strokeMark(whisker, colour, { strokeWidth: sizes.line })] : []),
		symbolMark('circle', colour, sizes.dot, { x: place(middle), y })
	];
}
