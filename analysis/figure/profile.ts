import { scaleLinear } from 'd3-scale';
import { formatTick } from '../text/number.ts';
import { axesMarks } from './axes.ts';
import { arrowPath } from './beyond.ts';
import { placeX, placeY, ticksOf, type ChartFrame } from './frame.ts';
import { tickIndices } from './layout.ts';
import { leftOf } from './lineFigure.ts';
import { fixed, strokeMark, type Figure, type Mark, type Paint } from './marks.ts';
import { PAPER, type Medium } from './medium.ts';
import { shapePath } from './shapes.ts';
import { fencedRange } from './range.ts';
import { SOFT_INK, text } from './sheet.ts';
import { SINGLE, wanted, type Style } from './style.ts';
import { wrap } from './wrap.ts';

/** Row of a profile: a value of each layer. */
export interface ProfileRow {
	title: string;
	/** Bars reach from 0 to the value; dots stand by themselves. */
	shape: 'bar' | 'dot';
	colour: Paint;
	/** By layer; null: there is none. */
	values: readonly (number | null)[];
	/** 95% interval by layer; nulls where there is none. */
	low?: readonly (number | null)[];
	high?: readonly (number | null)[];
	/** More of each layer, drawn small behind the value, such as one for each head. */
	each?: readonly (readonly number[])[];
}

/** Layer by layer, what each row says of it. */
export interface Profile {
	layers: number;
	rows: readonly ProfileRow[];
}

/** A range on round numbers around the bulk of a row, intervals included; bars begin at 0. */
export function profileRange({ shape, values, low, high, each }: ProfileRow): [number, number] {
	const known = (some: readonly (number | null)[]) => some.filter((value) => value !== null);
	const [from, to] = fencedRange(known(values));
	const inside = (value: number) => value >= from && value <= to;
	const reach = values.flatMap((value, layer) =>
		value === null || !inside(value)
			? []
			: known([value, low?.[layer] ?? null, high?.[layer] ?? null])
	);
	const all = [...reach, ...(each?.flat() ?? []), ...(shape === 'bar' ? [0] : [])];
	const [least, most] = [Math.min(...all), Math.max(...all)];
	if (!(least < most)) return [Math.min(0, least || 0), Math.max(1, most || 0)];
	const [nice, end] = scaleLinear([least, most], [0, 1]).nice(4).domain();
	return [nice, end];
}

/** Width of a bar, as a fraction of what a layer has. */
const BAR = 0.62;

/** One row drawn: bars or dots with intervals; what lies beyond the axis ends at it with an arrow. */
export function profileRowMarks(frame: ChartFrame, row: ProfileRow, medium: Medium): Mark[] {
	const { shape, colour, values, low, high, each } = row;
	const step = placeX(frame, 1) - placeX(frame, 0);
	const [least, most] = frame.y;
	const clamped = (value: number) => placeY(frame, Math.max(least, Math.min(most, value)));
	const zero = clamped(0);
	const dots = (each ?? []).flatMap((some, layer) =>
		some.map((value): Mark => ({
			...{ kind: 'path', d: shapePath('circle', medium.point.faint), fill: colour, opacity: 0.35 },
			...{ x: placeX(frame, layer), y: clamped(value) }
		}))
	);
	const base =
		shape === 'bar' && least < 0
			? [
					strokeMark(`M${frame.left} ${fixed(zero)}h${fixed(frame.width)}`, 'var(--line-strong)', {
						strokeWidth: medium.axis.width
					})
				]
			: [];
	const drawn = values.flatMap((value, layer): Mark[] => {
		if (value === null) return [];
		const [x, y] = [placeX(frame, layer), clamped(value)];
		const [from, to] = [low?.[layer] ?? null, high?.[layer] ?? null];
		const beyond = value > most ? 'up' : value < least ? 'down' : null;
		const width = Math.max(1, step * BAR);
		const size = Math.min(medium.point.size, step * 0.8);
		const mark: Mark =
			shape === 'bar'
				? {
						...{ kind: 'rect', x: x - width / 2, y: Math.min(y, zero), width },
						...{ height: Math.abs(y - zero), fill: colour, opacity: 0.75 }
					}
				: { kind: 'path', d: shapePath('circle', size), x, y, fill: colour };
		const whisker =
			from === null || to === null || beyond !== null
				? []
				: [
						strokeMark(
							`M${fixed(x)} ${fixed(clamped(from))}V${fixed(clamped(to))}`,
							shape === 'bar' ? 'var(--ink)' : colour,
							{ strokeWidth: medium.point.whisker }
						)
					];
		const arrow: Mark[] =
			beyond === null
				? []
				: [
						{
							...{ kind: 'path', d: arrowPath(beyond, Math.min(medium.point.arrow, step)), x, y },
							...{ fill: 'var(--ink)', stroke: 'var(--panel)', strokeWidth: 0.5 }
						}
					];
		return [mark, ...whisker, ...arrow];
	});
	return [...dots, ...base, ...drawn];
}

const ROW_HEIGHT = 46;
const HEAD = 12;
const RIGHT = 4;

/** A profile with caption: rows over one axis of layers. */
export function profileFigure(
	{ layers, rows: all, title, caption }: Profile & { title: string; caption: string },
	style: Style = SINGLE
): Figure {
	const rows = wanted(all, style);
	const ranges = rows.map(profileRange);
	const ticks = ranges.map((range) =>
		ticksOf(range, 3).map((at) => ({ at, label: formatTick(at) }))
	);
	const left = leftOf(ticks.flat());
	const width = style.width - left - RIGHT;
	const x = [-0.5, layers - 0.5] as const;
	const xTicks = tickIndices(layers, width / layers, 13).map((at) => ({ at, label: String(at) }));
	let top = 0;
	const marks = rows.flatMap((row, index): Mark[] => {
		const titles = wrap(row.title, width, PAPER.text);
		const head = titles.length * HEAD;
		const frame = { left, top: top + head, width, height: ROW_HEIGHT, x, y: ranges[index] };
		const names = titles.map((line, at) =>
			text(line, left, top + (at + 1) * HEAD - 3.5, { colour: SOFT_INK })
		);
		const last = index === rows.length - 1;
		top = frame.top + ROW_HEIGHT + 6;
		const axis = { yTicks: ticks[index], xTicks: last ? xTicks : [], xTitle: last ? 'layer' : '' };
		return [...names, ...axesMarks(frame, axis, PAPER), ...profileRowMarks(frame, row, PAPER)];
	});
	const charts = rows.map((row) => ({ title: row.title, series: [seriesOf(row)] }));
	return {
		...{ title, caption, width: style.width, height: top + 16, marks },
		data: { kind: 'lines', xTitle: 'layer', bars: true, charts }
	};
}

function seriesOf({ title, colour, values, low, high }: ProfileRow) {
	const numbers = (some: readonly (number | null)[]) => some.map((value) => value ?? NaN);
	return {
		...{ name: title, colour, xs: values.map((_, layer) => layer), ys: numbers(values) },
		...(low && { low: numbers(low) }),
		...(high && { high: numbers(high) })
	};
}
