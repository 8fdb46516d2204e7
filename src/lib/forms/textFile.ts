import { InputError } from '$analysis/errors.ts';

/** The server takes no more; a window reads a few kB of it. */
export const MAX_TEXT_BYTES = 16_000_000; // 16 MB

/** The bytes of a file that a person chose, as many as `textOfBytes` needs to take or to refuse it: it may be a model. */
export async function bytesOfFile(file: File): Promise<Uint8Array> {
	return new Uint8Array(await file.slice(0, MAX_TEXT_BYTES + 1).arrayBuffer());
}

/**
 * Text of an uploaded file. A leading byte order mark is dropped. Throws InputError where it is too large,
 * empty, or not UTF-8: then the place of the first byte that cannot be read is named.
 */
export function textOfBytes(name: string, bytes: Uint8Array): string {
	if (bytes.byteLength > MAX_TEXT_BYTES)
		throw new InputError(
			`${name}: more than ${MAX_TEXT_BYTES / 1e6} MB; at most that much can be sent. Use the command for longer texts: spanwise analyze`
		);
	let text: string;
	try {
		text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
	} catch (cause) {
		throw new InputError(
			`${name}: not UTF-8 (byte ${firstBadByte(bytes)} cannot be read); save it as UTF-8 and try again`,
			{ cause }
		);
	}
	if (text.trim() === '') throw new InputError(`${name}: empty; expected some words`);
	return text;
}

/** Index of the first byte that begins no UTF-8 sequence, or one that is cut short. */
function firstBadByte(bytes: Uint8Array): number {
	// U+FFFD stands where decoding fails; what was decoded before it has a known length in bytes.
	const lenient = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
	let read = 0;
	for (const character of lenient) {
		const length = utf8Length(character.codePointAt(0) ?? 0);
		const real = character === '\uFFFD' && bytes[read] === 0xef && bytes[read + 1] === 0xbf;
		if (character === '\uFFFD' && !real) return read;
		read += length;
	}
	return read;
}

/** Bytes a code point takes in UTF-8. */
function utf8Length(codePoint: number): number {
	if (codePoint < 0x80) return 1;
	if (codePoint < 0x800) return 2;
	return codePoint < 0x10000 ? 3 : 4;
}
