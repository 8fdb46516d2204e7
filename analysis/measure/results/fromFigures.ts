import { InputError, isInputError } from '../../errors.ts';

/**
 * Returns the value of `work`, which uses the figures of a result. They are only lightly checked when they are read:
 * those of another version may differ. Throws the InputErrors of `work` as they are; any other failure becomes one that
 * names the result.
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
