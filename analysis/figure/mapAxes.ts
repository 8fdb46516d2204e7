import { tickIndices, type MapLayout } from './layout.ts';
import { strokeMark, type Mark, type TextMark } from './marks.ts';
import type { Medium } from './medium.ts';

/** Titles and labels along a map. */
export interface MapAxes {
	rowTitle: string;
	columnTitle: string;
	rowLabel?: (row: number) => string;
	columnLabel?: (column: number) => string;
	/** Width of turned labels of columns, such as tokens; 0 for numbers. */
	turned?: number;
}

/** Labels, ticks and titles along a map. */
export function mapAxesMarks(
	layout: MapLayout,
	{ rowTitle, columnTitle, rowLabel = String, columnLabel = String, turned = 0 }: MapAxes,
	{ text: size, axis, map }: Medium,
	yTitle = axis.yTitle
): Mark[] {
	const { left, top, width, height, cell } = layout;
	const bottom = top + height;
	const words = (
		text: string,
		x: number,
		y: number,
		rest: Partial<TextMark> & Pick<TextMark, 'anchor'>
	): Mark[] =>
		text === '' ? [] : [{ kind: 'text', text, x, y, size, fill: 'var(--ink-2)', ...rest }];
	const tick = (d: string): Mark[] =>
		map.tick === 0 ? [] : [strokeMark(d, 'var(--line-strong)', { strokeWidth: 1, crisp: true })];
	const title = { anchor: 'middle', size: map.title, fill: 'var(--ink-3)' } as const;
	const columnGap = turned > 0 ? map.gap : map.gap * 1.5;
	return [
		...tickIndices(layout.rows, cell, map.gap).flatMap((row) => {
			const y = top + (row + 0.5) * cell;
			return [
				...tick(`M${left - map.tick} ${y}h${map.tick}`),
				...words(rowLabel(row), left - map.row, y + size * 0.36, { anchor: 'end' })
			];
		}),
		...tickIndices(layout.columns, cell, columnGap).flatMap((column) => {
			const x = left + (column + 0.5) * cell;
			return [
				...tick(`M${x} ${bottom}v${map.tick}`),
				...(turned > 0
					? words(columnLabel(column), x + size * 0.36, bottom + map.row, {
							anchor: 'end',
							turn: -90
						})
					: words(columnLabel(column), x, bottom + map.column, { anchor: 'middle' }))
			];
		}),
		...words(rowTitle, yTitle, top + height / 2, { ...title, turn: -90 }),
		...words(columnTitle, left + width / 2, bottom + turned + map.below[turned > 0 ? 1 : 0], title)
	];
}
