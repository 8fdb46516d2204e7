import { sha256 } from '../../edge/seal.ts';
import { InputError } from '../../errors.ts';
import type { Document } from './types.ts';

const REPLACEMENT = '\uFFFD';
const REPLACEMENT_BYTES = 3;

/**
 * A text the user gave as bytes. A byte order mark is dropped; line ends stay as they are.
 * Throws InputError where the bytes are not UTF-8, naming the first bad byte, and where there is no text.
 */
export function decodeDocument(name: string, bytes: Uint8Array): Document {
	const lenient = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
	const bad = firstBadByte(lenient, bytes);
	if (bad !== null) {
		const value = bytes[bad].toString(16).toUpperCase().padStart(2, '0');
		throw new InputError(`${name}: not UTF-8: byte ${bad} is 0x${value}; save the text as UTF-8`);
	}
	const text = lenient.replace(/^\uFEFF/, '');
	if (text.trim() === '') throw new InputError(`${name}: the text is empty`);
	return { name, text };
}

/** Returns a text's facts for runs and cards: SHA-256 of its UTF-8 without byte order mark; UTF-16 code units. */
export function documentFacts({ name, text }: Document): {
	name: string;
	sha256: string;
	characters: number;
} {
	return { name, sha256: sha256(text), characters: text.length };
}

/**
 * Offset of the first byte that is not UTF-8, or null. Lenient decoding put U+FFFD there; a U+FFFD that
 * stands in the bytes themselves is no fault.
 */
function firstBadByte(text: string, bytes: Uint8Array): number | null {
	let offset = 0;
	let from = 0;
	for (;;) {
		const at = text.indexOf(REPLACEMENT, from);
		if (at < 0) return null;
		offset += Buffer.byteLength(text.slice(from, at));
		const written =
			bytes[offset] === 0xef && bytes[offset + 1] === 0xbf && bytes[offset + 2] === 0xbd;
		if (!written) return offset;
		offset += REPLACEMENT_BYTES;
		from = at + 1;
	}
}
