import { randomBytes } from 'node:crypto';
import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import { makePrivateFolder } from '../privateFolder.ts';
import { hasLeft, isOwn, writerIn, writerName } from './writer.ts';

/** Names that begin so are unfinished, and never shown. */
export const PARTIAL_PREFIX = '.partial-';

/** Folder of a workspace that names what is being written outside of it. */
const REMEMBERED = 'partials';

/** Name of a file or folder that this process has begun to write (or to delete) and that is to become `base`. */
export function partialName(base: string): string {
	return `${PARTIAL_PREFIX}${base}-${writerName()}-${randomBytes(4).toString('hex')}`;
}

/** Number of the process that made what has this name; null where the name does not say. */
export function partialWriter(name: string): number | null {
	return name.startsWith(PARTIAL_PREFIX) ? (writerIn(name)?.pid ?? null) : null;
}

/** Returns true if another process is writing the file or folder at `path`, as far as can be told. */
export function isBeingWritten(path: string): boolean {
	const writer = writerIn(basename(path));
	return writer !== null && !isOwn(writer) && !hasLeft(writer, path);
}

/**
 * Removes what writers that have ended left unfinished in a folder, which may hold other things; of `base` alone where it
 * is given. What cannot be removed stays.
 */
export async function clearAbandoned(folder: string, base: string | null = null): Promise<void> {
	const names = await readdir(folder).catch(() => []);
	const of = base === null ? PARTIAL_PREFIX : `${PARTIAL_PREFIX}${base}-`;
	const left = names.filter((name) => name.startsWith(of) && isAbandoned(join(folder, name)));
	for (const name of left) await remove(join(folder, name));
}

/**
 * Notes in a workspace that `partial` is being written, which lies anywhere, so that it is found if this process is
 * killed. Returns what takes the note back. A workspace that cannot be written notes nothing.
 */
export async function rememberPartial(home: string, partial: string): Promise<() => Promise<void>> {
	const path = resolve(partial);
	const note = join(home, REMEMBERED, basename(path));
	try {
		makePrivateFolder(dirname(note));
		await writeFile(note, path, { flush: true });
	} catch {
		return () => Promise.resolve();
	}
	return () => remove(note);
}

/** Removes what writers that have ended left unfinished, wherever a workspace remembers that it lies. */
export async function clearRemembered(home: string): Promise<void> {
	const folder = join(home, REMEMBERED);
	for (const name of await readdir(folder).catch(() => [])) {
		if (!isAbandoned(join(folder, name))) continue;
		const path = await readFile(join(folder, name), 'utf8').catch(() => '');
		// A note names what it is called by, and nothing else.
		if (isAbsolute(path) && basename(path) === name) await remove(path);
		await remove(join(folder, name));
	}
}

/**
 * Replaces a file whole: it is written beside under an unfinished name, flushed and renamed. What killed writers of the
 * same file left goes first. Throws what the file system says; nothing is left then.
 */
export async function writeWhole(file: string, text: string): Promise<void> {
	const folder = dirname(resolve(file));
	await clearAbandoned(folder, basename(file));
	const partial = join(folder, partialName(basename(file)));
	try {
		await writeFile(partial, text, { flag: 'wx', flush: true });
		await rename(partial, file);
	} catch (error) {
		await remove(partial);
		throw error;
	}
}

function isAbandoned(path: string): boolean {
	const writer = writerIn(basename(path));
	return writer !== null && !isOwn(writer) && hasLeft(writer, path);
}

async function remove(path: string): Promise<void> {
	await rm(path, { recursive: true, force: true }).catch(() => undefined);
}
