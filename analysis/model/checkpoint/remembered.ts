import * as v from 'valibot';
import { readCache, writeCache } from './cacheFile.ts';
import { sameSignatures, signaturesOf, signatureSchema, type FileSignature } from './signature.ts';
import type { Checkpoint } from './types.ts';

const HASHES = 'hashes.json';
/** Models whose hash is remembered; those remembered longest ago go first. */
const MAX_MODELS = 1000;

const cacheSchema = v.object({
	version: v.literal(2),
	models: v.array(v.object({ files: v.array(signatureSchema), hash: v.string() }))
});

type HashCache = v.InferOutput<typeof cacheSchema>;

/** The hash worked out earlier for the same files, as their signatures tell, or null. */
export function rememberedHash(home: string, checkpoint: Checkpoint): Promise<string | null> {
	return rememberedFilesHash(home, filesOf(checkpoint));
}

/** The same of a model that consists of these files. */
export async function rememberedFilesHash(
	home: string,
	paths: readonly string[]
): Promise<string | null> {
	return rememberedFor(home, await signaturesOf(paths));
}

/** The same of files with these signatures. */
export async function rememberedFor(
	home: string,
	signatures: readonly FileSignature[]
): Promise<string | null> {
	const models = await rememberedModels(home);
	return models.find(({ files }) => sameSignatures(files, signatures))?.hash ?? null;
}

/**
 * Remembers a model's hash in `<home>/cache/hashes.json`, which is replaced whole. The signatures must be from
 * before its files were read: what changes meanwhile is then not taken for what was hashed.
 */
export async function rememberFor(
	home: string,
	signatures: FileSignature[],
	hash: string
): Promise<void> {
	const paths = new Set(signatures.map(({ path }) => path));
	const models = await rememberedModels(home);
	const others = models.filter((model) => !model.files.some(({ path }) => paths.has(path)));
	const kept = [...others, { files: signatures, hash }].slice(-MAX_MODELS);
	const cache: HashCache = { version: 2, models: kept };
	await writeCache(home, HASHES, cache);
}

/** The files that a checkpoint's tensors lie in. */
export function filesOf(checkpoint: Checkpoint): string[] {
	return [...new Set([...checkpoint.tensors.values()].map(({ file }) => file))];
}

async function rememberedModels(home: string): Promise<HashCache['models']> {
	return (await readCache(home, HASHES, cacheSchema))?.models ?? [];
}
