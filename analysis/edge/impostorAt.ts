import { open, stat } from 'node:fs/promises';
import { impostorOf } from './impostor.ts';

/** The first bytes of a file, enough to tell what it is. */
const MAGIC_BYTES = 64;

/** Reads the first bytes of a file for `impostorOf` and returns its words; null too where it cannot be read. */
export async function impostorAt(file: string): Promise<string | null> {
	const found = await stat(file).catch(() => null);
	const handle = found?.isFile() === true ? await open(file).catch(() => null) : null;
	if (handle === null) return null;
	try {
		const head = Buffer.alloc(MAGIC_BYTES);
		const { bytesRead } = await handle.read(head, 0, MAGIC_BYTES, 0);
		return impostorOf(head.subarray(0, bytesRead));
	} catch {
		return null;
	} finally {
		await handle.close();
	}
}
