import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import { isAlive } from './alive.ts';

/** A process that writes something, as the name of what it writes has it. */
interface Writer {
	/** Hash of the machine and container that it runs in, as `here` has it; null: an earlier version does not say. */
	place: string | null;
	/** Start time, in ticks of the system's clock; null: the system does not say. */
	start: string | null;
	pid: number;
}

/** Untouched for so long, something is taken for abandoned by a writer that cannot be seen from here. */
const ABANDONED_MS = 86_400_000;
const PLACE_DIGITS = 8;
/** Field of /proc/PID/stat, counted from the state on, which follows the name in brackets. */
const START_FIELD = 19;

const WRITER = /-at([0-9a-f]{8})\.(\d*)\.(\d+)-[0-9a-f]{8}$/;
const EARLIER = /-(\d+)-[0-9a-f]{8}$/;

/** Returns the part of a file's name that identifies this process as its writer: "at1a2b3c4d.90210.4711". */
export function writerName(): string {
	return `at${here()}.${startOf(process.pid) ?? ''}.${process.pid}`;
}

/** The writer of what has this name; null where the name does not say. */
export function writerIn(name: string): Writer | null {
	const found = WRITER.exec(name);
	if (found !== null) {
		const [, place, start, pid] = found;
		return { place, start: start === '' ? null : start, pid: Number(pid) };
	}
	const earlier = EARLIER.exec(name)?.[1];
	return earlier === undefined ? null : { place: null, start: null, pid: Number(earlier) };
}

/** Returns true if a writer is this process. */
export function isOwn({ place, pid }: Writer): boolean {
	return pid === process.pid && (place === null || place === here());
}

/**
 * Returns true if a writer has ended, as far as can be told. Numbers of processes mean nothing on another machine, in
 * another container, or after the system has started again: what is written there is taken for abandoned a day after
 * `path` was changed last.
 */
export function hasLeft({ place, start, pid }: Writer, path: string): boolean {
	if (place !== null && place !== here()) return isOld(path);
	if (!isAlive(pid)) return true;
	// Another process may have got the number since.
	return start !== null && startOf(pid) !== start;
}

let known: string | null = null;

/** The machine since it started last, and the container on it. */
function here(): string {
	known ??= createHash('sha256')
		.update([hostname(), bootOf(), namespaceOf()].join('\n'))
		.digest('hex')
		.slice(0, PLACE_DIGITS);
	return known;
}

function bootOf(): string {
	return read(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8')) ?? '';
}

/** The namespace in which processes are numbered. */
function namespaceOf(): string {
	return read(() => readlinkSync('/proc/self/ns/pid')) ?? '';
}

/** Reads a process's start in ticks of the system's clock; null where the system does not say, or there is none. */
function startOf(pid: number): string | null {
	const stat = read(() => readFileSync(`/proc/${pid}/stat`, 'utf8'));
	return (
		stat
			?.slice(stat.lastIndexOf(')') + 2)
			.split(' ')
			.at(START_FIELD) ?? null
	);
}

function isOld(path: string): boolean {
	const changed = read(() => statSync(path).mtimeMs);
	return changed !== null && Date.now() - changed > ABANDONED_MS;
}

function read<Value>(look: () => Value): Value | null {
	try {
		return look();
	} catch {
		return null;
	}
}
