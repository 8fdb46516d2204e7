import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { InputError, messageOf } from '../../errors.ts';
import { readRun } from './read.ts';
import { ID, Shelf } from '../shelf.ts';
import type { RunRecord } from './types.ts';
import { workspaceAt } from '../workspace.ts';

/** A folder of the workspace: a run, or why it is none. */
export type ListedRun =
	| { id: string; folder: string; record: RunRecord; problem: null }
	| { id: string; folder: string; record: null; problem: string };

/** Returns the shelf that holds the runs of a workspace. */
export function runShelf(home: string): Shelf {
	return new Shelf(workspaceAt(home).runs, 'run');
}

/**
 * The runs of a workspace, newest first, then folders that could not be read with the reason. A run's id
 * is its folder's name. Unfinished folders are left out; a workspace that does not exist has no runs.
 */
export async function listRuns(home: string): Promise<ListedRun[]> {
	const shelf = runShelf(home);
	const listed: ListedRun[] = [];
	// One after another, so that a server answers others between two.
	for (const id of await shelf.ids()) {
		const folder = shelf.folder(id);
		try {
			listed.push({ id, folder, record: await readRun(folder), problem: null });
		} catch (error) {
			listed.push({ id, folder, record: null, problem: messageOf(error) });
		}
	}
	const time = ({ record }: ListedRun) => (record ? Date.parse(record.createdAt) : -Infinity);
	return listed.sort((a, b) => time(b) - time(a) || a.id.localeCompare(b.id));
}

/**
 * The folder of a run named on the command line: an id of the workspace, else a folder. Throws
 * InputError where it is neither.
 */
export async function resolveRun(nameOrPath: string, home: string): Promise<string> {
	const shelf = runShelf(home);
	const candidates = ID.test(nameOrPath) ? [shelf.folder(nameOrPath)] : [];
	candidates.push(resolve(nameOrPath));
	for (const folder of candidates) {
		const found = await stat(folder).catch(() => null);
		if (found?.isDirectory()) return folder;
	}
	throw new InputError(
		`run ${nameOrPath}: not found; allowed: a run's folder, or an id in ${shelf.root}`
	);
}

/** The folder an id has in the workspace, whether or not it exists. Throws InputError for what is no id. */
export function runFolder(home: string, id: string): string {
	return runShelf(home).folder(id);
}
