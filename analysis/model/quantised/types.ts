import type { TensorEntry } from '../checkpoint/types.ts';

/** A tensor that a quantised weight is computed from, in memory. */
export interface StoredTensor {
	name: string;
	dtype: string;
	shape: readonly number[];
	bytes: Uint8Array;
}

/** Parts that tensors play which only some formats have. */
type OtherRole = 'zeros' | 'groups' | 'global' | 'table' | 'nestedTable' | 'nestedScales';

/** By the part that they play. */
export type StoredTensors = Readonly<
	Record<'values' | 'scales', StoredTensor> & Partial<Record<OtherRole, StoredTensor>>
>;

/** A tensor that a format always has. */
export function needed(tensors: StoredTensors, role: OtherRole): StoredTensor {
	const found = tensors[role];
	if (found === undefined) throw new RangeError(`no ${role} beside ${tensors.values.name}`);
	return found;
}

/** Selection of a weight's rows: `count` of `columns` values each, from `first` on; of FP4 every `step`-th. */
export interface Rows {
	first: number;
	step: number;
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
