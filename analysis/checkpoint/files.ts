import { readFile, stat } from 'node:fs/promises';
import { InputError, messageOf } from '../errors.ts';

/** 256 MB: the largest tokenizer.json in use are about 35 MB; V8 holds strings up to 512 MB. */
export const MAX_JSON_BYTES = 256_000_000;

/** Whether a file or folder of that name exists; links are followed. */
export async function exists(path: string): Promise<boolean> {
	return (await kindOf(path)) !== null;
}

export async function isFolder(path: string): Promise<boolean> {
	return (await kindOf(path)) === 'folder';
}

async function kindOf(path: string): Promise<'folder' | 'file' | null> {
	try {
		return (await stat(path)).isDirectory() ? 'folder' : 'file';
	} catch {
		// Whatever keeps us from looking at it keeps us from reading it.
		return null;
	}
}

/** Throws InputError for what would never end or never begin: a pipe, a device, a socket; links are followed. */
export async function checkPlainFile(path: string): Promise<void> {
	const found = await stat(path);
	if (!found.isFile() && !found.isDirectory()) {
		throw new InputError(`${path}: cannot be read: a pipe, socket or device; expected a file`);
	}
}

/** Parsed JSON of a file that the user is answerable for; InputError names the file. */
export async function readJsonFile(path: string): Promise<unknown> {
	let text: string;
	try {
		await checkPlainFile(path);
		const { size } = await stat(path);
		if (size > MAX_JSON_BYTES) {
			throw new InputError(`${path}: ${size} bytes; at most ${MAX_JSON_BYTES}`);
		}
		text = await readFile(path, 'utf8');
	} catch (error) {
		if (error instanceof InputError) throw error;
		throw new InputError(`${path}: cannot be read: ${messageOf(error)}`, { cause: error });
	}
	try {
		return JSON.parse(text);
	} catch (error) {
		throw new InputError(`${path}: not JSON: ${messageOf(error)}`, { cause: error });
	}
}
