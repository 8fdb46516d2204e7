import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/** Texts and runs are their owner's alone. */
const OWNER_ONLY = 0o700;

/**
 * Makes a folder and those above it, for their owner's eyes only; those that are there stay as they are. As mkdir with
 * `recursive`, which never returns where a parent refuses new folders with ENOENT, as /proc does. Throws what the
 * system says.
 */
export function makePrivateFolder(path: string): void {
	if (statSync(path, { throwIfNoEntry: false }) !== undefined) return;
	const parent = dirname(path);
	if (parent === path) return;
	makePrivateFolder(parent);
	try {
		mkdirSync(path, { mode: OWNER_ONLY });
	} catch (error) {
		// Another process may have made it just now.
		if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
	}
}
