import encoded from './colours.json' with { type: 'json' };
import type { Colours } from './style.ts';

export type SequentialName = 'viridis' | 'cividis' | 'magma';
export type ColourMapName = SequentialName | 'difference';

/** Entries of a lookup table; more would not show on an 8-bit screen. */
export const TABLE_SIZE = 256;

/** Red, green, blue of a colour map, [256, 3], each 0 to 255; colours.json holds them as base64. */
export function colourTable(name: ColourMapName): Uint8ClampedArray {
	return Uint8ClampedArray.from(atob(encoded[name]), (byte) => byte.charCodeAt(0));
}

const tables: Readonly<Record<ColourMapName, Uint8ClampedArray>> = {
	viridis: colourTable('viridis'),
	cividis: colourTable('cividis'),
	magma: colourTable('magma'),
	difference: colourTable('difference')
};

/** Value to colour: a table over a range. Values beyond the range take the end's colour. */
export interface ColourScale {
	readonly name: ColourMapName;
	/** Lowest and highest value with a colour of its own. */
	readonly range: readonly [number, number];
	/** [256, 3] */
	readonly table: Uint8ClampedArray;
	/** True if the colours run the other way. */
	readonly reversed?: boolean;
}

/** A colour scale over `range`; a range without width is widened so that every value has a place. */
export function colourScale(name: ColourMapName, range: readonly [number, number]): ColourScale {
	const [low, high] = range;
	if (!(low <= high)) throw new RangeError(`colour range: found ${low} to ${high}; low ≤ high`);
	return { name, range: low === high ? [low - 0.5, high + 0.5] : [low, high], table: tables[name] };
}

/**
 * A scale of differences whose middle colour is 0, equal steps on both sides in equally strong colours, whatever part of
 * either side the range holds.
 */
export function divergingScale(range: readonly [number, number]): ColourScale {
	const scale = colourScale('difference', range);
	const [low, high] = scale.range;
	const reach = Math.max(Math.abs(low), Math.abs(high));
	const table = new Uint8ClampedArray(scale.table.length);
	for (let entry = 0; entry < TABLE_SIZE; entry++) {
		const value = low + (entry / (TABLE_SIZE - 1)) * (high - low);
		const from = Math.round(((value / reach + 1) / 2) * (TABLE_SIZE - 1)) * 3;
		table.set(scale.table.subarray(from, from + 3), entry * 3);
	}
	return { ...scale, table };
}

/** The same range in the colours of the other end: for what is the better the lower it is. */
export function reversedScale(scale: ColourScale): ColourScale {
	const table = new Uint8ClampedArray(scale.table.length);
	for (let entry = 0; entry < TABLE_SIZE; entry++) {
		const from = (TABLE_SIZE - 1 - entry) * 3;
		table.set(scale.table.subarray(from, from + 3), entry * 3);
	}
	return { ...scale, table, reversed: scale.reversed !== true };
}

/** The scale as a style wants it: in grey-safe colours every map is cividis, which is ordered by lightness. */
export function inColours(scale: ColourScale, colours: Colours): ColourScale {
	if (colours === 'light') return scale;
	const safe = colourScale('cividis', scale.range);
	return scale.reversed ? reversedScale(safe) : safe;
}

/** Returns the index, of the 256 entries, of the colour of `value`; −1 for a value that is not a number. */
export function tableIndex(scale: ColourScale, value: number): number {
	if (Number.isNaN(value)) return -1;
	const [low, high] = scale.range;
	const t = (value - low) / (high - low);
	return Math.max(0, Math.min(TABLE_SIZE - 1, Math.floor(t * TABLE_SIZE)));
}

/** CSS colour of a value, or null where it is not a number. */
export function cssColour(scale: ColourScale, value: number): string | null {
	const entry = tableIndex(scale, value);
	if (entry < 0) return null;
	return `rgb(${scale.table.subarray(entry * 3, entry * 3 + 3).join(',')})`;
}

/** Black or white, whichever reads better upon the colour of `value` (WCAG relative luminance). */
export function inkOn(scale: ColourScale, value: number): '#000' | '#fff' {
	const entry = Math.max(0, tableIndex(scale, value));
	const linear = [0, 1, 2].map((channel) => {
		const part = (scale.table[entry * 3 + channel] ?? 0) / 255;
		return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
	});
	const luminance =
		0.2126 * (linear[0] ?? 0) + 0.7152 * (linear[1] ?? 0) + 0.0722 * (linear[2] ?? 0);
	return luminance > 0.179 ? '#000' : '#fff';
}

/**
 * Paints values [n] as RGBA bytes [n, 4]. Values that are not numbers, and those whose `missing`
 * byte is set, stay transparent, so that the page's own "missing" colour shows in light and dark.
 */
export function paint(
	values: ArrayLike<number>,
	scale: ColourScale,
	missing: Uint8Array | null,
	target: Uint8ClampedArray
): void {
	const { table } = scale;
	const [low, high] = scale.range;
	const factor = TABLE_SIZE / (high - low);
	for (let index = 0; index < values.length; index++) {
		const value = values[index] ?? NaN;
		const at = index * 4;
		if (value !== value || missing?.[index] === 1) {
			target[at + 3] = 0;
			continue;
		}
		const scaled = (value - low) * factor;
		const entry = scaled <= 0 ? 0 : scaled >= TABLE_SIZE ? TABLE_SIZE - 1 : scaled | 0;
		target[at] = table[entry * 3] ?? 0;
		target[at + 1] = table[entry * 3 + 1] ?? 0;
		target[at + 2] = table[entry * 3 + 2] ?? 0;
		target[at + 3] = 255;
	}
}
