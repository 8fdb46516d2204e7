import { lstat, readdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { readTextFile } from '../../edge/json.ts';

/** A model that was downloaded into the Hugging Face cache. */
export interface CachedModel {
	/** org/name for the revision `main` names, org/name@revision for the others. */
	id: string;
	/** org/name. */
	name: string;
	/** The snapshot's folder. */
	folder: string;
}

/** A commit's first characters tell it apart well enough, as in git. */
const REVISION_CHARACTERS = 8;

/** The name of a commit, and a line break. */
const MAX_REF_BYTES = 1000;

/** Returns the folder of Hugging Face's downloads: HF_HUB_CACHE, HF_HOME/hub, or one in XDG_CACHE_HOME or ~/.cache. */
export function cacheFolder(env: Record<string, string | undefined>): string {
	if (env.HF_HUB_CACHE) return env.HF_HUB_CACHE;
	const home = env.XDG_CACHE_HOME ?? join(env.HOME ?? homedir(), '.cache');
	return join(env.HF_HOME ?? join(home, 'huggingface'), 'hub');
}

/**
 * Every snapshot of every model in a Hugging Face cache, sorted by name, `main` before other revisions. Where
 * `main` is unknown the newest snapshot takes its place. A cache that is not there holds none.
 */
export async function cachedModels(hub: string): Promise<CachedModel[]> {
	const models: CachedModel[] = [];
	for (const repository of await children(hub)) {
		const name = /^models--(.+)$/.exec(repository)?.[1]?.replaceAll('--', '/');
		if (name === undefined) continue;
		const folder = join(hub, repository);
		const revisions = await children(join(folder, 'snapshots'));
		const main = await mainRevision(folder, revisions);
		for (const revision of revisions.sort((a, b) => Number(b === main) - Number(a === main))) {
			const id = revision === main ? name : `${name}@${revision.slice(0, REVISION_CHARACTERS)}`;
			models.push({ id, name, folder: join(folder, 'snapshots', revision) });
		}
	}
	return models;
}

async function mainRevision(folder: string, revisions: readonly string[]): Promise<string | null> {
	const named = await readTextFile(join(folder, 'refs', 'main'), MAX_REF_BYTES).catch(() => '');
	if (revisions.includes(named.trim())) return named.trim();
	let newest: { revision: string; mtimeMs: number } | null = null;
	for (const revision of revisions) {
		const found = await lstat(join(folder, 'snapshots', revision)).catch(() => null);
		const mtimeMs = found?.mtimeMs ?? -Infinity;
		if (newest === null || mtimeMs > newest.mtimeMs) newest = { revision, mtimeMs };
	}
	return newest?.revision ?? null;
}

/** Names in a folder, sorted; none where it cannot be read. */
export async function children(folder: string): Promise<string[]> {
	try {
		return (await readdir(folder)).sort();
	} catch {
		return [];
	}
}
