import {
	constants,
	closeSync,
	fstatSync,
	ftruncateSync,
	openSync,
	readSync,
	statSync,
	writeSync
} from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { tryLock } from 'fs-native-extensions';
import { quoted } from '../edge/quote.ts';
import { InputError, messageOf } from '../errors.ts';
import { makePrivateFolder } from '../privateFolder.ts';

/** Holds the lock and says who does. It is never removed: a lock on a file that has no name any more locks nothing. */
const LOCK_FILE = 'server.lock';
/** The byte that is locked, beyond what is written: on Windows what is locked cannot be read by others. */
const LOCKED_BYTE = 2 ** 30;
/**
 * Made where there is none. A link is not followed, or what it leads to would be written over, and a pipe is not waited for;
 * Windows has neither flag.
 */
const { O_RDWR, O_CREAT, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants as Partial<typeof constants>;
const OPENING = (O_RDWR ?? 0) | (O_CREAT ?? 0) | O_NOFOLLOW | O_NONBLOCK;
/** Most bytes read of the lock file's words on its holder; any beyond are not from Spanwise. */
const MAX_HOLDER_BYTES = 200;
/** Error codes of a file system on which nothing may be written. */
const READ_ONLY = ['EROFS', 'EACCES', 'EPERM'];
/** Error codes of opening a folder, a link, which is not followed, and a socket or a device that is not there. */
const NO_FILE = ['EISDIR', 'ELOOP', 'EMLINK', 'ENXIO'];

/** A workspace taken for one server. */
export interface Claim {
	/** Reason that nothing may be written there; null: it may. */
	readOnly: string | null;
	/** Reports that the workspace was moved, removed or replaced since, in a sentence; null: it is where it was. */
	problem(): string | null;
	/** Lets the next server have it. Calling it again does nothing. */
	giveUp(): void;
}

/**
 * Takes a workspace for this process's server: two would run each other's queue. The system holds the lock and releases it
 * when the process ends, however it ends, so that neither a race nor a process number of another container can let two
 * in or lock everyone out. A workspace that may not be written is not locked: it can be looked at by many. Throws InputError where
 * another server holds it, or where there is none and none can be made.
 */
export function claimWorkspace(home: string): Claim {
	makeHome(home);
	const file = join(home, LOCK_FILE);
	const { dev, ino } = statSync(home);
	const problem = () => (isFolder(home, dev, ino) ? null : movedAway(home));
	let fd: number;
	try {
		fd = openSync(file, OPENING, 0o600);
	} catch (error) {
		const code = codeOf(error);
		if (NO_FILE.includes(code)) throw noFile(file, error);
		if (!READ_ONLY.includes(code)) throw error;
		return {
			readOnly: `${quoted(home)} may not be written (${code})`,
			problem,
			giveUp: () => undefined
		};
	}
	if (!fstatSync(fd).isFile()) {
		closeSync(fd);
		throw noFile(file);
	}
	if (!locked(fd, home)) {
		const holder = quoted(holderIn(fd));
		closeSync(fd);
		throw new InputError(
			`workspace ${quoted(home)}: used by another Spanwise server (${holder || 'it has just started'}); stop it, or name another workspace with --home`
		);
	}
	ftruncateSync(fd);
	writeSync(fd, `process ${process.pid} on ${hostname()}, since ${new Date().toISOString()}\n`, 0);
	let held = true;
	return {
		readOnly: null,
		problem,
		giveUp() {
			if (held) closeSync(fd);
			held = false;
		}
	};
}

function noFile(file: string, cause?: unknown): InputError {
	return new InputError(
		`${quoted(file)}: not a file of Spanwise's but a folder, a link or a device; remove it, or name another workspace with --home`,
		{ cause }
	);
}

function holderIn(fd: number): string {
	const bytes = Buffer.alloc(MAX_HOLDER_BYTES);
	return bytes.toString('utf8', 0, readSync(fd, bytes, 0, bytes.length, 0)).trim();
}

function makeHome(home: string): void {
	try {
		makePrivateFolder(home);
		if (statSync(home).isDirectory()) return;
	} catch (cause) {
		const code = codeOf(cause);
		const why =
			code === 'ENOTDIR' ? 'is inside a file' : `cannot be made (${code || messageOf(cause)})`;
		throw new InputError(`workspace ${quoted(home)}: ${why}; name another with --home`, { cause });
	}
	throw new InputError(`workspace ${quoted(home)}: is not a directory; name another with --home`);
}

function locked(fd: number, home: string): boolean {
	try {
		return tryLock(fd, LOCKED_BYTE, 1);
	} catch (error) {
		closeSync(fd);
		throw new InputError(
			`workspace ${quoted(home)}: its file system cannot lock files (${messageOf(error)}); name another with --home`,
			{ cause: error }
		);
	}
}

function isFolder(home: string, dev: number, ino: number): boolean {
	const found = statSync(home, { throwIfNoEntry: false });
	return found?.dev === dev && found.ino === ino;
}

function movedAway(home: string): string {
	return `the workspace ${quoted(home)} was moved, removed or replaced while this server ran; stop the server and start it again with --home at the right place`;
}

function codeOf(error: unknown): string {
	return error instanceof Error && 'code' in error ? String(error.code) : '';
}
