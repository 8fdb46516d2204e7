/** Values that a user types, read from their text. Each throws InputError that says what was expected. */
import { InputError } from '../errors.ts';

/** A whole number of at least `min`. */
export function wholeNumber(min: number): (text: string) => number {
	return (text) => {
		const value = /^\d+$/.test(text.trim()) ? Number(text) : NaN;
		if (!(Number.isSafeInteger(value) && value >= min)) {
			throw new InputError(`expected a whole number of at least ${min}`);
		}
		return value;
	};
}

/** "a,b" of some names, each once. */
export function listOf<Name extends string>(names: readonly Name[]): (text: string) => Name[] {
	return (text) => {
		const parts = text.split(',').map((part) => part.trim());
		const chosen = names.filter((name) => parts.includes(name));
		const unknown = parts.find((part) => !chosen.some((name) => name === part));
		if (unknown !== undefined) {
			throw new InputError(`found "${unknown}"; allowed: ${names.join(', ')}`);
		}
		return chosen;
	};
}

/** "0,15" → layers; "" or "none" → none. */
export function layerList(text: string): number[] {
	if (text.trim() === '' || text.trim() === 'none') return [];
	return text.split(',').map((part) => wholeNumber(0)(part));
}

/** A number, such as one of nats. */
export function anyNumber(text: string): number {
	const value = text.trim() === '' ? NaN : Number(text);
	if (!Number.isFinite(value)) throw new InputError('expected a number such as 0.05');
	return value;
}

/** A fraction from 0 to 1. */
export function fraction(text: string): number {
	const value = text.trim() === '' ? NaN : Number(text);
	if (!(value >= 0 && value <= 1)) {
		throw new InputError('expected a fraction from 0 to 1, such as 0.9');
	}
	return value;
}
