import { mkdir, readdir, rename, rm, rmdir } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { InputError, messageOf } from '../errors.ts';
import { partialName } from '../run/workspace.ts';

/** Throws InputError where `folder` holds something already, or cannot be made. */
export async function checkNewFolder(folder: string): Promise<void> {
	let names: string[];
	try {
		names = await readdir(folder);
	} catch (error) {
		if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return;
		throw unwritable(folder, error);
	}
	if (names.length > 0) {
		throw new InputError(`${folder}: exists and is not empty; expected a new or an empty folder`);
	}
}

/** Without the path that the system names, which is of a part of what was asked for. */
function unwritable(folder: string, error: unknown): InputError {
	const why = messageOf(error).split(', ')[0];
	return new InputError(`${folder}: cannot be written: ${why}`, { cause: error });
}

/**
 * Has a folder filled under a name that begins so that nobody takes it for finished, then gives it its own: it is
 * there whole or not at all.
 */
export async function writeFolder<Result>(
	folder: string,
	fill: (partial: string) => Promise<Result>
): Promise<Result> {
	await checkNewFolder(folder);
	const target = resolve(folder);
	const partial = join(dirname(target), partialName(basename(target)));
	await mkdir(partial, { recursive: true }).catch((error: unknown) => {
		throw unwritable(folder, error);
	});
	try {
		const result = await fill(partial);
		await rmdir(target).catch(() => undefined);
		await rename(partial, target);
		return result;
	} catch (error) {
		await rm(partial, { recursive: true, force: true });
		throw error;
	}
}
