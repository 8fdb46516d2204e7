import { messageOf } from '../../analysis/errors.ts';
import type { Random } from './random.ts';

/** Outcome of one mutant that was treated as it should be. */
export interface Outcome {
	/** Difference of the file from a good one, in words. */
	change: string;
	/** True if it still has the outer form of its kind, so that it gets past the first check. */
	wellFormed: boolean;
	/** Refused with a message, or read and found right. */
	verdict: 'refused' | 'right';
}

/** A kind of input, and what is promised of it. */
export interface Target {
	name: string;
	/** Makes what all mutants start from; `folder` is empty and the target's own. */
	prepare: (folder: string) => Promise<void>;
	/** Makes and tries one mutant in an empty folder of its own. Throws `Finding` where a promise is broken. */
	try: (random: Random, folder: string) => Promise<Outcome>;
	/** Ends what `prepare` began. */
	end?: () => Promise<void>;
}

/** A broken promise: a wrong number, a fault in place of a refusal, a message without bounds, half an output. */
export class Finding extends Error {
	override name = 'Finding';
}

/** Longest message: a path, a key and a value of 200 characters each, and the words between. */
const MAX_MESSAGE_LENGTH = 1200;

/**
 * Returns the result of `read`; null if it refuses with an InputError of one printable and bounded line.
 * Throws Finding for any other error.
 */
export async function refusedOr<T>(change: string, read: () => Promise<T> | T): Promise<T | null> {
	try {
		return await read();
	} catch (error) {
		const message = messageOf(error);
		if (!(error instanceof Error) || error.name !== 'InputError') {
			const stack = error instanceof Error ? error.stack : undefined;
			throw new Finding(`${change}: a fault, no refusal: ${stack ?? message}`);
		}
		if (message.length > MAX_MESSAGE_LENGTH) {
			throw new Finding(`${change}: a message of ${message.length} characters`);
		}
		if (/\p{Cc}/u.test(message)) {
			throw new Finding(`${change}: control characters in ${JSON.stringify(message)}`);
		}
		return null;
	}
}
