import { join } from 'node:path';
import { sumsShapes, type SumsWanted } from '../../similarity/sums.ts';
import type { View } from '../../similarity/types.ts';

/** The parts of a view's sums, each a file `similarity/<view>.<part>`. */
export const PARTS = [
	'gram',
	'sqrt',
	'null',
	'windows',
	'js'
] as const satisfies (keyof SumsWanted)[];
export type Part = (typeof PARTS)[number];

/** Token ids and pieces, beside run.json. */
export const WINDOWS_FILE = 'windows.json';

/** The part's name in run.json's `files`, which is its path in the run's folder. */
export function partFile(view: View, part: Part): string {
	return join('similarity', `${view}.${part}`).replaceAll('\\', '/');
}

/** The shape a part must have in a run of these sizes. */
export function partShape(
	part: Part,
	sizes: { layers: number; heads: number; windowCount: number }
): number[] {
	return sumsShapes(sizes.layers, sizes.heads, sizes.windowCount)[part];
}

export function elementsOf(shape: readonly number[]): number {
	return shape.reduce((product, size) => product * size, 1);
}
