import * as v from 'valibot';
import { parseOrNull } from '../../edge/parse.ts';

const partSchema = v.looseObject({ type: v.string() });

/**
 * Reader of single token ids for an axis; `added` are those of added tokens, shown by their names. Byte-level
 * alphabets ("Ġ") and word markers ("▁") become the characters they stand for; bytes that make no character by
 * themselves become "<0xE2>".
 */
export function pieceReader(
	json: Record<string, unknown>,
	added: ReadonlySet<number>,
	tokenOf: (id: number) => string | null
): (ids: readonly number[]) => string[] {
	const byteLevel = isByteLevel(json);
	return (ids) =>
		ids.map((id) => {
			const token = tokenOf(id);
			if (token === null) return `<id ${id}>`;
			if (added.has(id)) return token;
			return byteLevel ? byteLevelPiece(token) : markedPiece(token);
		});
}

/**
 * UTF-8 bytes of the text that each token stands for: a byte token is one, a word marker ("▁") one, a token
 * of the byte-level alphabet one a character; an id without a token none.
 */
export function byteCounter(
	json: Record<string, unknown>,
	added: ReadonlySet<number>,
	tokenOf: (id: number) => string | null
): (ids: readonly number[]) => number[] {
	const byteLevel = isByteLevel(json);
	return (ids) =>
		ids.map((id) => {
			const token = tokenOf(id) ?? '';
			if (added.has(id)) return Buffer.byteLength(token);
			if (!byteLevel) {
				return BYTE_TOKEN.test(token) ? 1 : Buffer.byteLength(token.replaceAll(MARKER, ' '));
			}
			const characters = Array.from(token);
			const bytes = characters.every((character) => BYTE_OF.has(character));
			return bytes ? characters.length : Buffer.byteLength(token);
		});
}

function isByteLevel(json: Record<string, unknown>): boolean {
	return hasPart(json.decoder, 'ByteLevel') || hasPart(json.pre_tokenizer, 'ByteLevel');
}

/** Returns true if a part of tokenizer.json, or one of those it is a sequence of, has that type. */
function hasPart(part: unknown, type: string): boolean {
	const parsed = parseOrNull(partSchema, part);
	if (parsed === null) return false;
	if (parsed.type === type) return true;
	const inner = parsed.decoders ?? parsed.pretokenizers;
	return Array.isArray(inner) && inner.some((each) => hasPart(each, type));
}

function byteLevelPiece(token: string): string {
	const bytes: number[] = [];
	for (const char of token) {
		const byte = BYTE_OF.get(char);
		if (byte === undefined) return token;
		bytes.push(byte);
	}
	return readableBytes(bytes);
}

const MARKER = '\u2581';
const BYTE_TOKEN = /^<0x([0-9A-F]{2})>$/;

/** SentencePiece's tokens: "▁" is a space, "<0x0A>" a byte. */
function markedPiece(token: string): string {
	const byte = BYTE_TOKEN.exec(token)?.[1];
	if (byte !== undefined) return readableBytes([parseInt(byte, 16)]);
	return token.replaceAll(MARKER, ' ');
}

/** UTF-8 as text, with every byte that belongs to no whole character written out. */
function readableBytes(bytes: readonly number[]): string {
	let text = '';
	for (let at = 0; at < bytes.length;) {
		const lead = bytes[at];
		const length = lead < 0x80 ? 1 : lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
		const character = decodeOne(bytes.slice(at, at + length));
		text += character ?? `<0x${lead.toString(16).toUpperCase().padStart(2, '0')}>`;
		at += character === null ? 1 : length;
	}
	return text;
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function decodeOne(bytes: readonly number[]): string | null {
	try {
		return utf8.decode(Uint8Array.from(bytes));
	} catch {
		return null;
	}
}

/**
 * The byte of each character in GPT-2's byte-level alphabet (Radford et al. 2019): printable Latin-1 stands
 * for itself, the other 68 bytes in order for the characters from U+0100 on.
 */
const BYTE_OF: ReadonlyMap<string, number> = byteAlphabet();

function byteAlphabet(): Map<string, number> {
	const alphabet = new Map<string, number>();
	let other = 0x100;
	for (let byte = 0; byte < 256; byte++) {
		const printable =
			(byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xff && byte !== 0xad);
		alphabet.set(String.fromCharCode(printable ? byte : other++), byte);
	}
	return alphabet;
}
