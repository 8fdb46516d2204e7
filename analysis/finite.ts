import { InputError } from './errors.ts';

/**
 * Throws InputError for the first value that is NaN or infinite: everything that is computed from it would be wrong
 * without a word. `model` names the model that made the values, `what` says what they are.
 */
export function checkFinite(values: ArrayLike<number>, model: string, what: string): void {
	if (areFinite(values)) return;
	for (let index = 0; index < values.length; index++) {
		if (Number.isFinite(values[index])) continue;
		throw new InputError(
			`${model}: ${what} is ${values[index]}; expected a number: a weight is NaN or infinite, or the model overflows its type`
		);
	}
}

/** Zero times a value that is not finite is NaN, which stays. Four sums, of which none waits for another, take a quarter of the time. */
function areFinite(values: ArrayLike<number>): boolean {
	let [one, two, three, four] = [0, 0, 0, 0];
	let index = 0;
	for (; index + 4 <= values.length; index += 4) {
		one += values[index] * 0;
		two += values[index + 1] * 0;
		three += values[index + 2] * 0;
		four += values[index + 3] * 0;
	}
	for (; index < values.length; index++) one += values[index] * 0;
	return one + two + three + four === 0;
}
