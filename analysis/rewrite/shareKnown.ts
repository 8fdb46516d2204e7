import { InputError } from '../errors.ts';
import type { AttentionLayer } from '../model/onnx/types.ts';

/** A fact of a layer that sharing needs. Throws InputError where the graph does not tell it. */
export function knownOf<T>(
	{ layer, operator, name }: AttentionLayer,
	what: string,
	value: T | null
): T {
	if (value !== null) return value;
	throw new InputError(
		`layer ${layer}: ${operator} ${name}: its ${what} cannot be told from the graph`
	);
}
