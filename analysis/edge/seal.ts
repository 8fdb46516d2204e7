import { createHash } from 'node:crypto';
import { InputError, messageOf } from '../errors.ts';
import { quoted } from './quote.ts';

/**
 * An object as it is to be written as JSON, with a checksum of all its fields (and of `about`, where what it belongs to
 * lies elsewhere): SHA-256 in lower-case hex. White space does not count. Throws RangeError for NaN and infinity, which
 * JSON has no way to write and would turn into null.
 */
export function sealed<Value extends object>(
	value: Value,
	about = ''
): Value & { checksum: string } {
	return { ...value, checksum: checksumOf(JSON.stringify(value, finiteOnly), about) };
}

/**
 * Checks the seal of a parsed object. Returns true if it has a checksum; files of earlier versions have none. Throws
 * InputError that begins with `where` if the checksum does not match the other fields or, without one, a number is
 * infinite (1e999).
 */
export function checkSeal(json: unknown, where: string, about = ''): boolean {
	if (typeof json !== 'object' || json === null || !('checksum' in json)) {
		checkNumbersOf(json, where);
		return false;
	}
	const { checksum, ...value } = json;
	if (checksum === checksumOf(JSON.stringify(value), about)) return true;
	throw new InputError(
		`${where}: its contents do not match its checksum: it was changed or damaged after it was written; restore it, or remove its "checksum" to read it as it is`
	);
}

/** SHA-256 of bytes, lower-case hex. */
export function sha256(bytes: Uint8Array | string): string {
	return createHash('sha256').update(bytes).digest('hex');
}

function checksumOf(text: string, about: string): string {
	return sha256(`${about}${text}`);
}

function checkNumbersOf(json: unknown, where: string): void {
	try {
		JSON.stringify(json, finiteOnly);
	} catch (error) {
		throw new InputError(`${where}: ${quoted(messageOf(error))}`, { cause: error });
	}
}

function finiteOnly(key: string, value: unknown): unknown {
	if (typeof value !== 'number' || Number.isFinite(value)) return value;
	throw new RangeError(`${key} is ${value}; expected a finite number`);
}
