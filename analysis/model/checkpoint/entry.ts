import type { Checkpoint, TensorEntry } from './types.ts';

/** Finds the entry of a weight of an opened checkpoint, alone or within a larger tensor. */
export function weightEntry({ tensors, parts }: Checkpoint, name: string): TensorEntry {
	const entry = parts.get(name) ?? tensors.get(name);
	if (entry === undefined) throw new Error(`tensor ${name} vanished from an opened checkpoint`);
	return entry;
}
