import { rmSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { atEnd } from '../process/atEnd.ts';
import { partialName } from '../process/partial.ts';
import { Shelf } from '../workspace/shelf.ts';
import { readyTarget } from '../workspace/wholeFolder.ts';
import { workspaceAt } from '../workspace/workspace.ts';

/** Place and size of a temporary folder. */
interface ScratchSpace {
	/** The workspace. */
	home: string;
	/** Id of the result in the making, which names the folder. */
	id: string;
	bytesNeeded: number;
}

/** Throws InputError where a workspace cannot be written or has too little space for `bytesNeeded`. */
export async function checkSpace({ home, id, bytesNeeded }: ScratchSpace): Promise<void> {
	await readyTarget(join(workspaceAt(home).results, id), bytesNeeded, 'bench');
}

/**
 * Has a folder among the unfinished results of a workspace used, and removes it with all that is in it however that
 * ends, also where the process exits meanwhile. What a process that was killed left goes before. Throws InputError as
 * `checkSpace`.
 */
export async function withScratch<Result>(
	{ home, id, bytesNeeded }: ScratchSpace,
	use: (folder: string) => Promise<Result>
): Promise<Result> {
	const { results } = workspaceAt(home);
	await new Shelf(results, 'result').clearPartials();
	await checkSpace({ home, id, bytesNeeded });
	const folder = join(results, partialName(id));
	const forget = atEnd(() => rmSync(folder, { recursive: true, force: true }));
	try {
		await mkdir(folder);
		return await use(folder);
	} finally {
		await rm(folder, { recursive: true, force: true });
		forget();
	}
}
