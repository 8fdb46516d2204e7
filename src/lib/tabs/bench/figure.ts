import { scaleLog } from 'd3-scale';
import {
	COLUMN_WIDTH,
	figure,
	fixed,
	INK,
	LINE,
	SOFT_INK,
	text,
	TEXT_SIZE
} from '../../figure/frame.ts';
import { endText, ratioRange, type BenchRow } from '$analysis/measure/bench/rows.ts';

const ROW = 25;
const AXIS = 14;
/** Room of the words at either end of a row. */
const WORDS = 32;
const GOOD = '#237a57';
const BAD = '#b4530a';

/** The ratios with their intervals around 1, both models' figures above them, as a standalone SVG at a paper's column width. */
export function benchFigure(parts: {
	title: string;
	caption: string;
	rows: readonly BenchRow[];
}): string {
	const { title, caption, rows } = parts;
	const range = ratioRange(rows);
	const place = scaleLog(range, [WORDS, COLUMN_WIDTH - WORDS]);
	const bottom = rows.length * ROW;
	const drawing = [
		`<path d="M${fixed(place(1))} 0V${bottom}" stroke="${SOFT_INK}" stroke-width="0.5"/>`,
		...rows.flatMap((row, index) => rowOf(row, index * ROW, place)),
		`<path d="M${WORDS} ${bottom}H${COLUMN_WIDTH - WORDS}" stroke="${LINE}" stroke-width="0.5"/>`,
		...[range[0], 1, range[1]].map((at) =>
			text(at === 1 ? '1' : endText(at), place(at), bottom + 8, {
				anchor: 'middle',
				colour: SOFT_INK
			})
		)
	].join('\n');
	return figure({ title, caption, drawing, height: bottom + AXIS });
}

function rowOf(row: BenchRow, top: number, place: (value: number) => number): string[] {
	const { better, words, name } = row.figure;
	const { main, middle, low, high } = row.ratio;
	const y = top + 16;
	const colour = row.verdict === null ? INK : row.verdict === 'better' ? GOOD : BAD;
	const word = (side: 'less' | 'more') =>
		text(words[side], side === 'less' ? 2 : COLUMN_WIDTH - 2, y + 2, {
			anchor: side === 'less' ? 'start' : 'end',
			colour: side === better ? GOOD : SOFT_INK,
			size: TEXT_SIZE - 0.5
		});
	const at = { left: fixed(place(low)), right: fixed(place(high)), y: fixed(y) };
	return [
		text(name, 2, top + 8),
		text(`${row.baseline.main} → ${row.planned.main}   ${main}`, COLUMN_WIDTH - 2, top + 8, {
			anchor: 'end'
		}),
		word('less'),
		word('more'),
		`<path d="M${at.left} ${fixed(y - 2)}v4M${at.left} ${at.y}H${at.right}M${at.right} ${fixed(y - 2)}v4" fill="none" stroke="${colour}" stroke-width="0.8"/>`,
		`<circle cx="${fixed(place(middle))}" cy="${at.y}" r="2" fill="${colour}"/>`
	];
}
