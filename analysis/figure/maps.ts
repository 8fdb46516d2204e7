import { formatTick } from '../text/number.ts';
import { inColours } from './colour.ts';
import { legendMarks } from './legend.ts';
import { legendOf, mapMarks, type MapFigure } from './map.ts';
import type { Figure, Mark } from './marks.ts';
import { cut, textWidth } from './measure.ts';
import { PAPER } from './medium.ts';
import { text, moved } from './sheet.ts';
import { SINGLE, wanted, type Style } from './style.ts';
import { unionRange } from './range.ts';

export interface MapsFigure {
	title: string;
	caption: string;
	/** One or more; a map's title stands above it. */
	maps: readonly MapFigure[];
}

const GAP = 8;
const HEAD = 12;
/** No map is narrower: what does not fit goes into the next row. */
const LEAST_WIDTH = 110;

/** Maps side by side, under one scale of colours unless the style asks for one each. */
export function mapsFigure(
	{ title, caption, maps: all }: MapsFigure,
	style: Style = SINGLE
): Figure {
	const shown = wanted(all, style);
	const range = unionRange(shown.map(({ scale }) => scale.range));
	const maps = style.ownScales
		? shown
		: shown.map((map) => ({ ...map, scale: { ...map.scale, range } }));
	const inRow = Math.max(
		1,
		Math.min(maps.length, Math.floor((style.width + GAP) / (LEAST_WIDTH + GAP)))
	);
	const width = (style.width - GAP * (inRow - 1)) / inRow;
	let top = 0;
	const marks: Mark[] = [];
	for (let first = 0; first < maps.length; first += inRow) {
		const row = maps.slice(first, first + inRow).map((map, at) => {
			const left = at * (width + GAP);
			return { map, left, drawn: mapMarks(map, style, { left, width, legend: style.ownScales }) };
		});
		for (const { map, left, drawn } of row) {
			const name = cut(map.title, width, PAPER.text);
			const half = textWidth(name, PAPER.text) / 2;
			marks.push(
				text(name, left + Math.max(half, width / 2), top + 8.5, { anchor: 'middle' }),
				...drawn.marks.map((mark) => moved(mark, 0, top + HEAD))
			);
		}
		top += HEAD + Math.max(...row.map(({ drawn }) => drawn.height)) + 4;
	}
	const bar =
		style.ownScales || !style.colourBar
			? { marks: [], height: 0 }
			: legendMarks(
					{
						...legendOf(maps[0], inColours(maps[0].scale, style.colours)),
						format: formatTick,
						under: maps.some((map) => legendOf(map, map.scale).under),
						over: maps.some((map) => legendOf(map, map.scale).over)
					},
					{ left: 24, top, width: Math.min(style.width - 48, 200) }
				);
	return {
		...{ title, caption, width: style.width, height: top + bar.height },
		marks: [...marks, ...bar.marks],
		data: {
			kind: 'maps',
			maps: maps.map((map) => ({
				...map,
				kind: 'map',
				scale: inColours(map.scale, style.colours),
				missing: map.missing ?? null
			}))
		}
	};
}
