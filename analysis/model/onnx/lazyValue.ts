/** Kind of a value's numbers; a quotient of integers is an integer. */
export type Kind = 'boolean' | 'integer' | 'float';

/** A value of a graph whose elements are worked out one by one, when they are asked for. */
export interface LazyValue {
	dims: readonly number[];
	kind: Kind;
	/** The element at an index of as many places as there are dimensions; booleans are 0 and 1. */
	at: (index: readonly number[]) => number;
}

/** A value that cannot be worked out from the graph alone, and why. */
export class UnknownValueError extends Error {
	override name = 'UnknownValueError';
}

/** Elements of shapes, axes and bounds; more are none of these. */
const MOST_ENTRIES = 64;

/** All elements of a short vector or a scalar. */
export function vectorOf({ dims, at }: LazyValue): number[] {
	if (dims.length === 0) return [at([])];
	if (dims.length > 1 || dims[0] > MOST_ENTRIES) throw new UnknownValueError('no short vector');
	return Array.from({ length: dims[0] }, (_, place) => at([place]));
}

/** The one element of a value. */
export function scalarOf(value: LazyValue): number {
	if (sizeOf(value.dims) !== 1) throw new UnknownValueError('no single number');
	return value.at(value.dims.map(() => 0));
}

export function sizeOf(dims: readonly number[]): number {
	return dims.reduce((product, size) => product * size, 1);
}

/** Dimensions of values that are broadcast against one another. */
export function broadcast(...shapes: readonly (readonly number[])[]): number[] {
	const rank = shapes.reduce((most, { length }) => Math.max(most, length), 0);
	return Array.from({ length: rank }, (_, axis) => {
		const sizes = new Set(shapes.map((dims) => dims[axis - rank + dims.length] ?? 1));
		sizes.delete(1);
		if (sizes.size > 1)
			throw new UnknownValueError(`sizes ${[...sizes].join(' and ')} on one axis`);
		return [...sizes].at(0) ?? 1;
	});
}

/** The element of a value that a broadcast index means. */
export function broadcastAt({ dims, at }: LazyValue, index: readonly number[]): number {
	const skipped = index.length - dims.length;
	return at(dims.map((size, axis) => (size === 1 ? 0 : index[skipped + axis])));
}

/** Place of an index in row-major order, and back. */
export function flatIndex(dims: readonly number[], index: readonly number[]): number {
	return dims.reduce((flat, size, axis) => flat * size + index[axis], 0);
}

export function indexOf(dims: readonly number[], flat: number): number[] {
	const index = new Array<number>(dims.length).fill(0);
	let rest = flat;
	for (let axis = dims.length - 1; axis >= 0; axis--) {
		index[axis] = rest % dims[axis];
		rest = Math.floor(rest / dims[axis]);
	}
	return index;
}

/** An axis counted from the front. */
export function axisOf(axis: number, rank: number): number {
	const own = axis < 0 ? axis + rank : axis;
	if (!(own >= 0 && own < rank)) throw new UnknownValueError(`axis ${axis} of ${rank}`);
	return own;
}
