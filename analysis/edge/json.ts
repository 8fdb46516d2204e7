import { readFile, stat } from 'node:fs/promises';
import { InputError, messageOf } from '../errors.ts';
import { brokenLink } from './links.ts';
import { parseJson } from './parseJson.ts';
import { quoted } from './quote.ts';

/** 4 MB: config.json, plan.json and other small files; the largest in use have some 100 kB. */
export const MAX_SMALL_JSON_BYTES = 4_000_000;
/** 64 MB: files that grow with layers, tensors or windows; 100,000 tensors need 12 MB. */
export const MAX_LARGE_JSON_BYTES = 64_000_000;
/** 8 MB: run.json and result.json, which the server reads itself; the largest have some MB. */
export const MAX_RECORD_BYTES = 8_000_000;
/** Keys of all objects of a record together: 50,000 windows have 150,000, and a million different ones take seconds. */
const MAX_RECORD_KEYS = 300_000;
/** 256 MB: the largest tokenizer.json in use are about 35 MB; V8 holds strings of up to 512 MB. */
export const MAX_TOKENIZER_BYTES = 256_000_000;

/** Throws InputError for what would never end or never begin: a pipe, a device, a socket; links are followed. */
export async function checkPlainFile(path: string): Promise<void> {
	const found = await stat(path);
	if (!found.isFile() && !found.isDirectory()) {
		throw new InputError(
			`${quoted(path)}: cannot be read: a pipe, socket or device; expected a file`
		);
	}
}

/** The bytes of a file of at most `mostBytes`. Throws InputError that names the file. */
export async function readBytes(path: string, mostBytes: number): Promise<Buffer> {
	try {
		const broken = await brokenLink(path);
		if (broken !== null) throw new InputError(`${quoted(path)}: ${broken}`);
		await checkPlainFile(path);
		const found = await stat(path);
		if (found.isDirectory()) throw new InputError(`${quoted(path)}: a folder; expected a file`);
		const { size } = found;
		if (size > mostBytes) {
			throw new InputError(`${quoted(path)}: ${size} bytes; at most ${mostBytes} are allowed`);
		}
		return await readFile(path);
	} catch (error) {
		if (error instanceof InputError) throw error;
		throw new InputError(`${quoted(path)}: cannot be read: ${quoted(messageOf(error))}`, {
			cause: error
		});
	}
}

/** The text of a file of at most `mostBytes`. Throws InputError that names the file. */
export async function readTextFile(path: string, mostBytes: number): Promise<string> {
	return (await readBytes(path, mostBytes)).toString('utf8');
}

/** Parsed JSON of a file of at most `mostBytes`. Throws InputError that names the file. */
export async function readJsonFile(
	path: string,
	mostBytes = MAX_SMALL_JSON_BYTES
): Promise<unknown> {
	return parseJson(await readTextFile(path, mostBytes), quoted(path));
}

/** Parsed JSON of a record: so small that it takes less than a second, whatever is in it. Throws InputError that names the file. */
export async function readRecordFile(path: string): Promise<unknown> {
	const text = await readTextFile(path, MAX_RECORD_BYTES);
	let keys = 0;
	for (let at = text.indexOf(':'); at !== -1; at = text.indexOf(':', at + 1)) keys += 1;
	if (keys > MAX_RECORD_KEYS)
		throw new InputError(
			`${quoted(path)}: more than ${MAX_RECORD_KEYS} values by name; at most that many are read`
		);
	return parseJson(text, quoted(path));
}

export { parseJson } from './parseJson.ts';
