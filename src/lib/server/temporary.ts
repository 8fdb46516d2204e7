import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Gives `work` the name of a file in a folder of its own, which is removed when the work has ended. */
export async function withTemporaryFile<Result>(
	work: (file: string) => Promise<Result>
): Promise<Result> {
	const folder = await mkdtemp(join(tmpdir(), 'spanwise-'));
	try {
		return await work(join(folder, 'file'));
	} finally {
		await rm(folder, { recursive: true, force: true });
	}
}
