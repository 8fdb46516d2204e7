import { InputError } from '$analysis/errors.ts';
import { BodyTooLargeError } from './answer.ts';

/** Brackets, keys, numbers and marks of a request, without what stands within its strings: a plan has some 100 kB. */
export const MAX_STRUCTURE_BYTES = 1_000_000; // 1 MB
/** Nothing that is asked nests deeper than a plan with head maps: 5. */
const MAX_DEPTH = 32;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPENING: readonly number[] = [0x5b, 0x7b]; // [ {
const CLOSING: readonly number[] = [0x5d, 0x7d]; // ] }

/**
 * Looks at JSON before it is parsed: millions of small values take seconds and gigabytes, long strings take nothing.
 * Throws BodyTooLargeError for too many of the former and InputError for a nesting that is too deep.
 */
export function checkShape(bytes: Uint8Array, mostStructure = MAX_STRUCTURE_BYTES): void {
	let structure = 0;
	let depth = 0;
	for (let at = 0; at < bytes.length; at++) {
		const byte = bytes[at];
		structure += 1;
		if (byte === QUOTE) {
			structure += 1;
			at = endOfString(bytes, at + 1);
		} else if (OPENING.includes(byte)) depth += 1;
		else if (CLOSING.includes(byte)) depth -= 1;
		if (depth > MAX_DEPTH) {
			throw new InputError(`request: nested deeper than ${MAX_DEPTH}; nothing asked here is`);
		}
		if (structure > mostStructure) {
			throw new BodyTooLargeError(
				`request: too long; at most ${mostStructure / 1e6} MB can be sent besides texts`
			);
		}
	}
}

/** Index of the quote that ends a string whose first character is at `start`. */
function endOfString(bytes: Uint8Array, start: number): number {
	for (let from = start; ;) {
		const quote = bytes.indexOf(QUOTE, from);
		if (quote === -1) return bytes.length;
		let before = quote - 1;
		while (before >= start && bytes[before] === BACKSLASH) before--;
		if ((quote - before) % 2 === 1) return quote;
		from = quote + 1;
	}
}
