import { InputError } from '../../errors.ts';
import { wordsOf } from './floats.ts';
import type { StoredTensor } from './types.ts';

/**
 * The group of each input, [columns]: groups of equal size in order, or as the checkpoint lists them (`g_idx`). Throws
 * InputError for a group that is not there.
 */
export function groupOf(
	columns: number,
	groups: number,
	listed: StoredTensor | undefined
): Int32Array {
	const size = Math.ceil(columns / groups);
	const ordered = () =>
		Int32Array.from({ length: columns }, (_, column) => Math.floor(column / size));
	if (listed === undefined) return ordered();
	const found = wordsOf(listed);
	// compressed-tensors writes −1 where nothing is reordered.
	if (found.every((group) => group === -1)) return ordered();
	const wrong = found.find((group) => group < 0 || group >= groups);
	if (wrong === undefined) return found;
	throw new InputError(`${listed.name} names group ${wrong}; expected 0 to ${groups - 1}`);
}
