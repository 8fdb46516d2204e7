import { lstat, readlink, stat } from 'node:fs/promises';
import { quoted } from './quote.ts';

/** Describes a link whose file is missing, in words that go on after its path; null: it is no such link. */
export async function brokenLink(path: string): Promise<string | null> {
	const itself = await lstat(path).catch(() => null);
	if (itself?.isSymbolicLink() !== true) return null;
	if ((await stat(path).catch(() => null)) !== null) return null;
	const target = await readlink(path).catch(() => '?');
	return `a link to ${quoted(target)}, which is missing; the download did not finish: run it again`;
}
