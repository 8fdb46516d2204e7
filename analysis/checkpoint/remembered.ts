import { realpath, stat } from 'node:fs/promises';
import * as v from 'valibot';
import { readCache, writeCache } from './cacheFile.ts';
import type { Checkpoint } from './types.ts';

const HASHES = 'hashes.json';

const fileSchema = v.object({ path: v.string(), size: v.number(), mtimeMs: v.number() });
const cacheSchema = v.object({
	version: v.literal(1),
	models: v.array(v.object({ files: v.array(fileSchema), hash: v.string() }))
});

type HashCache = v.InferOutput<typeof cacheSchema>;

/**
 * The hash worked out earlier for the same files (path, size and time of change), or null.
 */
export function rememberedHash(home: string, checkpoint: Checkpoint): Promise<string | null> {
	return rememberedFilesHash(home, filesOf(checkpoint));
}

/** The same of a model that consists of these files. */
export async function rememberedFilesHash(
	home: string,
	paths: readonly string[]
): Promise<string | null> {
	const key = JSON.stringify(await weightFiles(paths));
	const models = await rememberedModels(home);
	return models.find(({ files }) => JSON.stringify(files) === key)?.hash ?? null;
}

/** Remembers a model's hash in `<home>/cache/hashes.json`, which is replaced whole. */
export function rememberHash(home: string, checkpoint: Checkpoint, hash: string): Promise<void> {
	return rememberFilesHash(home, filesOf(checkpoint), hash);
}

/** The same of a model that consists of these files. */
export async function rememberFilesHash(
	home: string,
	names: readonly string[],
	hash: string
): Promise<void> {
	const files = await weightFiles(names);
	const paths = new Set(files.map(({ path }) => path));
	const models = await rememberedModels(home);
	const others = models.filter((model) => !model.files.some(({ path }) => paths.has(path)));
	const cache: HashCache = { version: 1, models: [...others, { files, hash }] };

	await writeCache(home, HASHES, cache);
}

function filesOf(checkpoint: Checkpoint): string[] {
	return [...checkpoint.tensors.values()].map(({ file }) => file);
}

/** Links are resolved: snapshots in the Hugging Face cache are links to files named by their content. */
async function weightFiles(
	names: readonly string[]
): Promise<HashCache['models'][number]['files']> {
	const files = await Promise.all(
		[...new Set(names)].map(async (name) => {
			const path = await realpath(name);
			const { size, mtimeMs } = await stat(path);
			return { path, size, mtimeMs };
		})
	);
	return files.sort((a, b) => (a.path < b.path ? -1 : 1));
}

async function rememberedModels(home: string): Promise<HashCache['models']> {
	return (await readCache(home, HASHES, cacheSchema))?.models ?? [];
}
