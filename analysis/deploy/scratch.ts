import { rmSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { partialName, workspaceAt } from '../run/workspace.ts';

/** Where a workspace has what is in the making under `id` while it is. */
export function scratchFolder(home: string, id: string): string {
	return join(workspaceAt(home).results, partialName(id));
}

/**
 * Makes a folder, has it used, and removes it with all that is in it, however that ends: also where the process exits
 * meanwhile. What a process that was killed leaves has the name of what is unfinished; see `Shelf.clearPartials`.
 */
export async function withScratch<Result>(
	folder: string,
	use: (folder: string) => Promise<Result>
): Promise<Result> {
	const removeNow = () => rmSync(folder, { recursive: true, force: true });
	process.once('exit', removeNow);
	try {
		await mkdir(folder, { recursive: true });
		return await use(folder);
	} finally {
		await rm(folder, { recursive: true, force: true });
		process.off('exit', removeNow);
	}
}
