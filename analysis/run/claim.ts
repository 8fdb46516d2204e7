import { readFileSync, rmSync } from 'node:fs';
import { mkdir, open, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError } from '../errors.ts';
import { isAlive } from '../process/alive.ts';

/**
 * Takes a workspace for this process's server: two would run each other's queue. The claim is a file with the
 * process's number; that of a process which has ended is taken over. Returns what gives the claim up. Throws
 * InputError where another server holds it.
 */
export async function claimWorkspace(home: string): Promise<() => void> {
	await makeHome(home);
	const file = join(home, 'server.pid');
	const own = `${process.pid}\n`;
	try {
		const claim = await open(file, 'wx');
		await claim.writeFile(own);
		await claim.close();
	} catch (error) {
		if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
		const holder = Number(await readFile(file, 'utf8').catch(() => ''));
		if (holder !== process.pid && isAlive(holder)) {
			throw new InputError(
				`workspace ${home}: used by another Spanwise server (process ${holder}); stop it, or name another workspace with --home`
			);
		}
		await rm(file, { force: true });
		await writeFile(file, own);
	}
	return () => {
		try {
			if (readFileSync(file, 'utf8') === own) rmSync(file);
		} catch {
			// The workspace was moved or removed; there is nothing left to give up.
		}
	};
}

async function makeHome(home: string): Promise<void> {
	try {
		await mkdir(home, { recursive: true });
	} catch (error) {
		const occupied = error instanceof Error && 'code' in error && error.code === 'EEXIST';
		if (!occupied) throw error;
		throw new InputError(`workspace ${home}: is no folder; name another with --home`, {
			cause: error
		});
	}
}
