import { lstat, readdir, rename, rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { InputError, messageOf } from '../errors.ts';
import { readRun } from './read.ts';
import type { RunRecord } from './types.ts';
import { isAlive } from './process.ts';
import { PARTIAL_PREFIX, partialName, partialWriter, workspaceAt } from './workspace.ts';

/** A folder of the workspace: a run, or why it is none. */
export type ListedRun =
	| { id: string; folder: string; record: RunRecord; problem: null }
	| { id: string; folder: string; record: null; problem: string };

/** Ids are folder names of our making: no separators, no leading dot. */
const RUN_ID = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;

/**
 * The runs of a workspace, newest first, then folders that could not be read with the reason. A run's id
 * is its folder's name. Unfinished folders are left out; a workspace that does not exist has no runs.
 */
export async function listRuns(home: string): Promise<ListedRun[]> {
	const { runs } = workspaceAt(home);
	const entries = await readdir(runs, { withFileTypes: true }).catch(() => []);
	const ids = entries
		.filter((entry) => !entry.isFile() && RUN_ID.test(entry.name))
		.map((entry) => entry.name);
	const listed = await Promise.all(
		ids.map(async (id): Promise<ListedRun> => {
			const folder = join(runs, id);
			try {
				return { id, folder, record: await readRun(folder), problem: null };
			} catch (error) {
				return { id, folder, record: null, problem: messageOf(error) };
			}
		})
	);
	const time = ({ record }: ListedRun) => (record ? Date.parse(record.createdAt) : -Infinity);
	return listed.sort((a, b) => time(b) - time(a) || a.id.localeCompare(b.id));
}

/**
 * The folder of a run named on the command line: an id of the workspace, else a folder. Throws
 * InputError where it is neither.
 */
export async function resolveRun(nameOrPath: string, home: string): Promise<string> {
	const candidates = RUN_ID.test(nameOrPath) ? [runFolder(home, nameOrPath)] : [];
	candidates.push(resolve(nameOrPath));
	for (const folder of candidates) {
		const found = await stat(folder).catch(() => null);
		if (found?.isDirectory()) return folder;
	}
	throw new InputError(
		`run ${nameOrPath}: not found; allowed: a run's folder, or an id in ${workspaceAt(home).runs}`
	);
}

/** The folder an id has in the workspace, whether or not it exists. Throws InputError for what is no id. */
export function runFolder(home: string, id: string): string {
	if (!RUN_ID.test(id))
		throw new InputError(
			`run ${JSON.stringify(id)}: not an id; allowed: letters, digits, dot, dash and underscore`
		);
	return join(workspaceAt(home).runs, id);
}

/** Deletes a run by id, never by path. It disappears at once, whole. Throws InputError where there is none. */
export async function deleteRun(home: string, id: string): Promise<void> {
	const folder = runFolder(home, id);
	const found = await lstat(folder).catch(() => null);
	if (found === null) throw new InputError(`run ${id}: not found in ${workspaceAt(home).runs}`);
	const doomed = join(workspaceAt(home).runs, partialName(id));
	await rename(folder, doomed);
	await rm(doomed, { recursive: true, force: true });
}

function isBeingWritten(name: string): boolean {
	const writer = partialWriter(name);
	return writer !== null && writer !== process.pid && isAlive(writer);
}

/**
 * Removes what writers that were killed left unfinished; returns how many. What another process is writing
 * stays; only to be called where this one writes nothing.
 */
export async function clearPartials(home: string): Promise<number> {
	const { runs } = workspaceAt(home);
	const names = await readdir(runs).catch(() => []);
	const partials = names.filter((name) => name.startsWith(PARTIAL_PREFIX) && !isBeingWritten(name));
	for (const name of partials) await rm(join(runs, name), { recursive: true, force: true });
	return partials.length;
}
