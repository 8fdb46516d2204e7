import { InputError } from './errors.ts';

/**
 * Throws InputError for the first value that is NaN or infinite: everything that is computed from it would be wrong
 * without a word. `model` names the model that made the values, `what` says what they are.
 */
export function checkFinite(values: ArrayLike<number>, model: string, what: string): void {
	for (let index = 0; index < values.length; index++) {
		if (Number.isFinite(values[index])) continue;
		throw new InputError(
			`${model}: ${what} is ${values[index]}; expected a number: a weight is NaN or infinite, or the model overflows its type`
		);
	}
}
