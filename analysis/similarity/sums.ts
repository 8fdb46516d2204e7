import { InputError } from '../errors.ts';
import type { Metric, View, ViewSums } from './types.ts';

/** Which sums a view collects. */
export interface SumsWanted {
	gram: boolean;
	sqrt: boolean;
	null: boolean;
	windows: boolean;
	js: boolean;
}

/** The sums from which `metrics` can be read: no more work than was asked for. */
export function sumsFor(metrics: readonly Metric[]): SumsWanted {
	const gram = metrics.some((metric) => metric.startsWith('cosine'));
	return {
		gram,
		sqrt: metrics.includes('hellinger'),
		null: gram,
		windows: metrics.includes('cosine') || metrics.includes('cosine-mean'),
		js: metrics.includes('js')
	};
}

/** Sums over no window at all: the neutral element of `addSums`. */
export function emptySums(view: View, layers: number, heads: number, wanted: SumsWanted): ViewSums {
	const rows = layers * heads;
	return {
		view,
		layers,
		heads,
		windowCount: 0,
		gram: wanted.gram ? new Float64Array(rows * rows) : null,
		sqrt: wanted.sqrt ? new Float64Array(rows * rows) : null,
		null: wanted.null ? new Float64Array(rows * rows) : null,
		windows: wanted.windows ? new Float64Array(0) : null,
		js: wanted.js ? new Float64Array(2 * layers * layers) : null
	};
}

/**
 * The sums over the windows of `a`, then those of `b`. Gram, √Gram and js add up, windows are put one
 * after the other. The null does not add up (it holds products between windows of both parts): where
 * both parts have windows it is null. Throws InputError where view or sizes differ.
 */
export function addSums(a: ViewSums, b: ViewSums): ViewSums {
	if (a.view !== b.view || a.layers !== b.layers || a.heads !== b.heads)
		throw new InputError(
			`sums: ${describe(a)} and ${describe(b)}; only sums of one view and size add up`
		);
	checkSums(a);
	checkSums(b);
	return {
		view: a.view,
		layers: a.layers,
		heads: a.heads,
		windowCount: a.windowCount + b.windowCount,
		gram: added('gram', a.gram, b.gram),
		sqrt: added('sqrt', a.sqrt, b.sqrt),
		null: a.windowCount === 0 ? b.null : b.windowCount === 0 ? a.null : null,
		windows: concatenated(a.windows, b.windows),
		js: added('js', a.js, b.js)
	};
}

/** The length each part must have, in numbers. */
export function sumsShapes(
	layers: number,
	heads: number,
	windowCount: number
): Record<keyof SumsWanted, number[]> {
	const rows = layers * heads;
	return {
		gram: [rows, rows],
		sqrt: [rows, rows],
		null: [rows, rows],
		windows: [windowCount, 2, layers, layers],
		js: [2, layers, layers]
	};
}

/** Throws InputError naming the part whose length does not follow from layers, heads and windows, or that is not finite. */
export function checkSums(sums: ViewSums): void {
	const shapes = sumsShapes(sums.layers, sums.heads, sums.windowCount);
	for (const part of ['gram', 'sqrt', 'null', 'windows', 'js'] as const) {
		const found = sums[part];
		const expected = shapes[part].reduce((product, size) => product * size, 1);
		if (found && found.length !== expected)
			throw new InputError(
				`${sums.view}.${part}: ${found.length} numbers; expected ${expected} (${shapes[part].join(' × ')})`
			);
		if (found) checkNumbers(found, `${sums.view}.${part}`);
	}
}

/** Throws InputError for the first number of sums that is NaN or infinite; `where` names the file or part. */
export function checkNumbers(values: Float64Array, where: string): void {
	for (let index = 0; index < values.length; index++) {
		if (Number.isFinite(values[index])) continue;
		throw new InputError(
			`${where}: number ${index} is ${values[index]}; expected finite numbers: analyze the model again`
		);
	}
}

function added(part: string, a: Float64Array | null, b: Float64Array | null): Float64Array | null {
	if (a === null && b === null) return null;
	if (a === null || b === null)
		throw new InputError(`${part}: collected in one part only; both must have it`);
	const sum = Float64Array.from(a);
	b.forEach((value, i) => (sum[i] += value));
	return sum;
}

function concatenated(a: Float64Array | null, b: Float64Array | null): Float64Array | null {
	if (a === null && b === null) return null;
	if (a === null || b === null)
		throw new InputError('windows: collected in one part only; both must have it');
	const whole = new Float64Array(a.length + b.length);
	whole.set(a, 0);
	whole.set(b, a.length);
	return whole;
}

function describe(sums: ViewSums): string {
	return `${sums.view}, ${sums.layers} layers × ${sums.heads} heads`;
}
