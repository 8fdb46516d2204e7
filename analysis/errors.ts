/**
 * The user's input or request is at fault. The command prints the message on one line and exits 2;
 * the server answers 400 with it. Everything else that is thrown is our own fault (exit 1, 500).
 * A message says what, where, found and allowed: `layer 7: q_proj is [192, 64]; expected [192, 192]`.
 */
export class InputError extends Error {
	override name = 'InputError';
}

/** By name: the pages' server is a bundle of its own, whose InputError is another class than the command's. */
export function isInputError(error: unknown): error is Error {
	return error instanceof Error && error.name === 'InputError';
}

/** Returns an error's message, for a person; anything else that was thrown, as text. */
export function messageOf(error: unknown): string {
	return error instanceof Error ? error.message : String(error);
}
