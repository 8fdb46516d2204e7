import { access, constants, lstat, mkdir, open, rename, rm, statfs } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { InputError } from '../errors.ts';
import { partialName } from './workspace.ts';

/** Most bytes given to one write call: one call takes less than 2 GiB, and a small piece fails early. */
const CHUNK_BYTES = 64 * 1024 * 1024;

/** Throws InputError where `target` exists: what was made is never written over. To be asked before the making starts. */
export async function checkTarget(target: string): Promise<void> {
	const found = await lstat(target).catch(() => null);
	if (found !== null)
		throw new InputError(`${target}: exists already; name a folder that does not`);
}

/**
 * Makes sure, before a model runs for an hour, that a run can be written, or whatever `what` says: makes the folder it
 * goes into, and throws InputError where that may not be written or has no room for `bytesNeeded`.
 */
export async function readyTarget(
	target: string,
	bytesNeeded: number,
	what: 'run' | 'bench' = 'run'
): Promise<void> {
	const parent = dirname(resolve(target));
	try {
		await makeFolder(parent);
		await access(parent, constants.W_OK);
		const { bavail, bsize } = await statfs(parent);
		if (bavail * bsize < bytesNeeded)
			throw Object.assign(new Error('too little room'), { code: 'ENOSPC' });
	} catch (error) {
		throw await explained(error, resolve(target), what, bytesNeeded);
	}
}

/** As mkdir with `recursive`, which never returns where a parent refuses new folders with ENOENT (/proc). */
async function makeFolder(path: string): Promise<void> {
	const found = await lstat(path).catch(() => null);
	if (found !== null) return;
	await makeFolder(dirname(path));
	await mkdir(path);
}

/** A file of a folder to come: its path in there, with forward slashes. */
export interface FolderFile {
	file: string;
	bytes: Uint8Array;
}

/**
 * Writes a folder whole or not at all: everything goes into a sibling whose name says that it is unfinished, is
 * flushed to the disk, and the sibling is then renamed to `target`. `what` the folder is stands in messages.
 * Throws InputError where `target` exists, the disk is full or the place cannot be written; nothing is left then.
 */
export async function writeFolder(
	target: string,
	files: readonly FolderFile[],
	what: 'run' | 'result'
): Promise<void> {
	const folder = resolve(target);
	await checkTarget(folder);
	const partial = join(dirname(folder), partialName(basename(folder)));
	try {
		await mkdir(partial, { recursive: true });
		for (const { file, bytes } of files) {
			await mkdir(dirname(join(partial, file)), { recursive: true });
			await writeFlushed(join(partial, file), bytes);
		}
		await flushFolder(partial);
		await checkTarget(folder);
		await rename(partial, folder);
		await flushFolder(dirname(folder));
	} catch (error) {
		// What made the write fail is what the user must hear, not what then made the clearing fail.
		await rm(partial, { recursive: true, force: true }).catch(() => undefined);
		const bytesNeeded = files.reduce((sum, { bytes }) => sum + bytes.byteLength, 0);
		throw await explained(error, folder, what, bytesNeeded);
	}
}

async function writeFlushed(path: string, bytes: Uint8Array): Promise<void> {
	const file = await open(path, 'wx');
	try {
		for (let start = 0; start < bytes.byteLength;) {
			const chunk = bytes.subarray(start, start + CHUNK_BYTES);
			const { bytesWritten } = await file.write(chunk);
			start += bytesWritten;
		}
		await file.sync();
	} finally {
		await file.close();
	}
}

/** Flushes the names in a folder. Windows cannot open folders; there the rename alone has to do. */
async function flushFolder(path: string): Promise<void> {
	if (process.platform === 'win32') return;
	const folder = await open(path, 'r');
	try {
		await folder.sync();
	} finally {
		await folder.close();
	}
}

/** What the user can do about a failed write; other errors are returned as they are. */
async function explained(
	error: unknown,
	folder: string,
	what: string,
	bytesNeeded: number
): Promise<unknown> {
	if (!(error instanceof Error) || !('code' in error)) return error;
	const elsewhere = what === 'run' ? '--home or --out' : '--home';
	switch (error.code) {
		case 'ENOSPC':
		case 'EDQUOT': {
			const disk = await statfs(dirname(folder)).catch(() => null);
			const free = disk ? `${megabytes(disk.bavail * disk.bsize)} are free` : 'too little is free';
			return new InputError(
				`${folder}: the disk is full; the ${what} needs ${megabytes(bytesNeeded)}, ${free}: free some, or write elsewhere with ${elsewhere}`,
				{ cause: error }
			);
		}
		case 'EFBIG':
			return new InputError(
				`${folder}: a file of the ${what} is larger than may be written there (EFBIG); the ${what} needs ${megabytes(bytesNeeded)}: write elsewhere with ${elsewhere}`,
				{ cause: error }
			);
		case 'EACCES':
		case 'EPERM':
		case 'EROFS':
		case 'ENOENT':
			return new InputError(
				`${folder}: may not be written (${error.code}); allowed: a folder you can write to`,
				{ cause: error }
			);
		case 'ENOTDIR':
		case 'EEXIST':
			return new InputError(
				`${folder}: something on the way there is no folder (${error.code}); allowed: a place inside folders`,
				{ cause: error }
			);
		default:
			return error;
	}
}

function megabytes(bytes: number): string {
	return `${(bytes / 1e6).toFixed(1)} MB`;
}
