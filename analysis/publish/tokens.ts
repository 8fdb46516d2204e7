import type { Cell } from '../figure/layout.ts';

/** Part of a token map: queries (rows) and keys (columns), first and one past the last. */
export interface Region {
	rows: { from: number; to: number };
	columns: { from: number; to: number };
}

/** `size` queries and keys around a cell, within a map of `tokens`. */
export function regionAround(tokens: number, size: number, cell: Cell): Region {
	const around = (middle: number) => {
		const length = Math.min(size, tokens);
		const from = Math.max(0, Math.min(tokens - length, middle - Math.floor(length / 2)));
		return { from, to: from + length };
	};
	return { rows: around(cell.row), columns: around(cell.column) };
}

/** The part of a map [tokens, tokens] that a region holds, row-major. */
export function cutRegion(
	values: Float32Array,
	tokens: number,
	{ rows, columns }: Region
): Float32Array {
	const width = columns.to - columns.from;
	const part = new Float32Array((rows.to - rows.from) * width);
	for (let row = rows.from; row < rows.to; row++) {
		const from = row * tokens + columns.from;
		part.set(values.subarray(from, from + width), (row - rows.from) * width);
	}
	return part;
}

/** 1 where the key comes after the query, which nothing attends to; [rows, columns] of the region. */
export function futureMask({ rows, columns }: Region): Uint8Array {
	const width = columns.to - columns.from;
	const mask = new Uint8Array((rows.to - rows.from) * width);
	for (let row = rows.from; row < rows.to; row++) {
		const start = Math.max(0, row + 1 - columns.from);
		if (start < width) {
			const line = (row - rows.from) * width;
			mask.fill(1, line + start, line + width);
		}
	}
	return mask;
}

/** Formats a token for an axis: blanks and line breaks are made visible, so that " the" is not "the". */
export function tokenLabel(piece: string): string {
	return piece.replace(/ /g, '·').replace(/\n/g, '↵').replace(/\t/g, '⇥');
}

/**
 * The value that a `fraction` of the entries [tokens, tokens] on and below the diagonal do not exceed. Most
 * of a row's mass lies on few keys; without this a single sink would make everything else black.
 */
export function causalQuantile(
	maps: readonly Float32Array[],
	tokens: number,
	fraction: number
): number {
	const entries = (tokens * (tokens + 1)) / 2;
	const all = new Float32Array(entries * maps.length);
	let at = 0;
	for (const map of maps) {
		for (let row = 0; row < tokens; row++) {
			all.set(map.subarray(row * tokens, row * tokens + row + 1), at);
			at += row + 1;
		}
	}
	all.sort();
	return all[Math.min(all.length - 1, Math.floor(fraction * all.length))] ?? 1;
}
