import type { TensorEntry } from '../checkpoint/types.ts';

/** A tensor that a quantised weight is computed from, in memory. */
export interface StoredTensor {
	name: string;
	dtype: string;
	shape: readonly number[];
	bytes: Uint8Array;
}

/** By the part that they play. */
export type StoredTensors = Readonly<Record<string, StoredTensor>>;

/** Which rows of a weight are wanted: `count` of `columns` values each, from `first` on. */
export interface Rows {
	first: number;
	count: number;
	columns: number;
	/** Of the whole weight. */
	total: number;
}

/** Tensors of one module of a model that lie beside each other, by the ends of their names. */
export interface Module {
	/** Its name, without a dot at the end. */
	name: string;
	tensors: ReadonlyMap<string, TensorEntry>;
	/** Shape of the weight as config.json has it, [outputs, inputs]. */
	shape: readonly [number, number];
}
