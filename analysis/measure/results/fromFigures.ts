import { InputError, isInputError } from '../../errors.ts';

/**
 * What `work` makes of the figures of a result, which are only lightly looked at as they are read: those of another version
 * may differ. Throws InputError that names the result where it fails.
 */
export function fromFigures<Value>(id: string, work: () => Value): Value {
	try {
		return work();
	} catch (error) {
		if (isInputError(error)) throw error;
		throw new InputError(
			`result ${id}: its figures are not those that this version of Spanwise writes; delete it, or measure again`,
			{ cause: error }
		);
	}
}
