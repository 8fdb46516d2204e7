import {
	access,
	constants,
	lstat,
	mkdir,
	open,
	readdir,
	rename,
	rm,
	rmdir,
	statfs
} from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { InputError } from '../errors.ts';
import { formatBytes } from '../text/number.ts';
import { makePrivateFolder } from '../privateFolder.ts';
import {
	clearAbandoned,
	clearRemembered,
	partialName,
	rememberPartial
} from '../process/partial.ts';

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
 * goes into, and throws InputError where that may not be written or has too little space for `bytesNeeded`.
 */
export async function readyTarget(
	target: string,
	bytesNeeded: number,
	what: 'run' | 'bench' = 'run'
): Promise<void> {
	const parent = dirname(resolve(target));
	try {
		makePrivateFolder(parent);
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

/** Kind of a folder, as messages call it. */
type What = 'run' | 'result' | 'bench' | 'model';

/**
 * Writes a folder whole or not at all, as `fillFolder`, of files that are there already. Throws InputError where
 * `target` exists, the disk is full or the place cannot be written; nothing is left then.
 */
export async function writeFolder(
	target: string,
	files: readonly FolderFile[],
	what: 'run' | 'result'
): Promise<void> {
	const folder = resolve(target);
	await checkTarget(folder);
	const bytesNeeded = files.reduce((sum, { bytes }) => sum + bytes.byteLength, 0);
	await fillFolder(
		{ folder, what, bytesNeeded, check: checkTarget, home: null },
		async (partial) => {
			for (const { file, bytes } of files) {
				await mkdir(dirname(join(partial, file)), { recursive: true });
				await writeFile(join(partial, file), bytes);
			}
		}
	);
}

/**
 * Writes a model's folder, which may be there if it is empty, as `fillFolder`. A workspace remembers it meanwhile, so
 * that what a killed process leaves goes with the next start of a server or of `spanwise apply`.
 */
export async function writeModelFolder<Result>(
	target: string,
	home: string,
	fill: (partial: string) => Promise<Result>
): Promise<Result> {
	const folder = resolve(target);
	await clearRemembered(home);
	await checkNewFolder(folder);
	const model = { folder, what: 'model', bytesNeeded: null, check: checkNewFolder, home } as const;
	return fillFolder(model, fill);
}

/** Throws InputError where `folder` holds something already, or is no folder. */
export async function checkNewFolder(folder: string): Promise<void> {
	let names: string[];
	try {
		names = await readdir(folder);
	} catch (error) {
		if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return;
		throw await explained(error, folder, 'model', null);
	}
	if (names.length > 0) {
		throw new InputError(`${folder}: exists and is not empty; expected a new or an empty folder`);
	}
}

/**
 * Has a folder filled under a sibling's name that says that it is unfinished and whose it is, flushes all that is in it
 * to the disk, and gives it its own name: it is there whole or not at all. What killed processes left beside it goes
 * first. Throws what `fill` and `check` throw, and InputError where the disk is full or the place cannot be written.
 */
async function fillFolder<Result>(
	{
		folder,
		what,
		bytesNeeded,
		check,
		home
	}: {
		folder: string;
		what: What;
		/** null: not known. */
		bytesNeeded: number | null;
		check: (folder: string) => Promise<void>;
		/** Workspace that remembers it meanwhile; null: it lies in one. */
		home: string | null;
	},
	fill: (partial: string) => Promise<Result>
): Promise<Result> {
	const parent = dirname(folder);
	await clearAbandoned(parent);
	const partial = join(parent, partialName(basename(folder)));
	const forget = home === null ? null : await rememberPartial(home, partial);
	try {
		if (what === 'model') await makeFolder(parent);
		else makePrivateFolder(parent);
		await mkdir(partial);
		const result = await fill(partial);
		await flushAll(partial);
		await check(folder);
		// What is there is empty.
		if (what === 'model') await rmdir(folder).catch(() => undefined);
		await rename(partial, folder);
		await flushFolder(parent);
		return result;
	} catch (error) {
		// What made the write fail is what the user must hear, not what then made the clearing fail.
		await rm(partial, { recursive: true, force: true }).catch(() => undefined);
		throw await explained(error, folder, what, bytesNeeded);
	} finally {
		await forget?.();
	}
}

/** Flushes the files of a folder and of those in it, then their names. */
async function flushAll(folder: string): Promise<void> {
	for (const entry of await readdir(folder, { withFileTypes: true })) {
		const path = join(folder, entry.name);
		if (entry.isDirectory()) await flushAll(path);
		else if (entry.isFile()) await flushFile(path);
	}
	await flushFolder(folder);
}

async function flushFile(path: string): Promise<void> {
	// Windows flushes only what is open for writing.
	const file = await open(path, process.platform === 'win32' ? 'r+' : 'r');
	try {
		await file.sync();
	} finally {
		await file.close();
	}
}

async function writeFile(path: string, bytes: Uint8Array): Promise<void> {
	const file = await open(path, 'wx');
	try {
		for (let start = 0; start < bytes.byteLength;) {
			const chunk = bytes.subarray(start, start + CHUNK_BYTES);
			const { bytesWritten } = await file.write(chunk);
			start += bytesWritten;
		}
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

/** Turns an error of writing into an InputError that says what the user can do; returns other errors as they are. */
async function explained(
	error: unknown,
	folder: string,
	what: What,
	bytesNeeded: number | null
): Promise<unknown> {
	if (!(error instanceof Error) || !('code' in error)) return error;
	const elsewhere = { run: '--home or --out', result: '--home', bench: '--home', model: '--out' }[
		what
	];
	const needs = bytesNeeded === null ? '' : `the ${what} needs ${formatBytes(bytesNeeded)}, `;
	switch (error.code) {
		case 'ENOSPC':
		case 'EDQUOT': {
			const disk = await statfs(dirname(folder)).catch(() => null);
			const free = disk
				? `${formatBytes(disk.bavail * disk.bsize)} are free`
				: 'too little is free';
			return new InputError(
				`${folder}: the disk is full; ${needs}${free}: free some, or write elsewhere with ${elsewhere}`,
				{ cause: error }
			);
		}
		case 'EFBIG':
			return new InputError(
				`${folder}: a file of the ${what} is larger than may be written there (EFBIG); ${needs}write elsewhere with ${elsewhere}`,
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
				`${folder}: a parent of this path is not a directory (${error.code}); name a place inside a directory`,
				{ cause: error }
			);
		default:
			return error;
	}
}
