import { InputError } from '../errors.ts';
import type { Metric, ViewSums } from './types.ts';

/** Sums that a view collects. */
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

/** Ordered pairs of different windows that the null is taken over: those within a shard. */
export function nullPairs({
	windowCount,
	shards
}: Pick<ViewSums, 'windowCount' | 'shards'>): number {
	return (shards ?? [windowCount]).reduce((sum, windows) => sum + windows * (windows - 1), 0);
}

/**
 * The sums over the windows of `a`, then those of `b`, which are shards of one measurement. Everything adds up but the
 * windows, which are put one after the other; products between windows of `a` and of `b` are in no null. Throws
 * InputError where view or sizes differ.
 */
export function addSums(a: ViewSums, b: ViewSums): ViewSums {
	if (a.view !== b.view || a.layers !== b.layers || a.heads !== b.heads)
		throw new InputError(
			`sums: ${describe(a)} and ${describe(b)}; only sums of one view and size add up`
		);
	checkSums(a);
	checkSums(b);
	const windowCount = a.windowCount + b.windowCount;
	const shards = [a, b].flatMap((each) => each.shards ?? [each.windowCount]).filter(Boolean);
	return {
		view: a.view,
		layers: a.layers,
		heads: a.heads,
		windowCount,
		...(shards.length > 1 && { shards }),
		gram: added('gram', a.gram, b.gram),
		sqrt: added('sqrt', a.sqrt, b.sqrt),
		null: nullPairs({ windowCount, shards }) === 0 ? null : added('null', nullOf(a), nullOf(b)),
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

/** Returns the sums that a shard adds to the null: of a single window ⟨S_l, S_m⟩ is its Gram matrix. */
function nullOf(sums: ViewSums): Float64Array | null {
	return nullPairs(sums) === 0 ? sums.gram : sums.null;
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
