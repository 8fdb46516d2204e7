import { lstat, stat } from 'node:fs/promises';

/** Returns true if a file or folder of that name exists; links are followed. */
export async function exists(path: string): Promise<boolean> {
	return (await kindOf(path)) !== null;
}

export async function isFolder(path: string): Promise<boolean> {
	return (await kindOf(path)) === 'folder';
}

/** The same, where a link to a folder is none. */
export async function isOwnFolder(path: string): Promise<boolean> {
	const found = await lstat(path).catch(() => null);
	return found?.isDirectory() === true;
}

async function kindOf(path: string): Promise<'folder' | 'file' | null> {
	try {
		return (await stat(path)).isDirectory() ? 'folder' : 'file';
	} catch {
		// Whatever keeps us from looking at it keeps us from reading it.
		return null;
	}
}
