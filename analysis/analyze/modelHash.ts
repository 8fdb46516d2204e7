import { InputError } from '../errors.ts';
import { completeHash, ModelHasher } from '../checkpoint/hash.ts';
import { openCheckpoint } from '../checkpoint/open.ts';
import { WeightReader } from '../checkpoint/read.ts';
import { rememberedHash, rememberHash } from '../checkpoint/remembered.ts';
import type { Checkpoint } from '../checkpoint/types.ts';

/** Characters of a hash that are shown; enough to tell two models apart. */
const SHOWN_DIGITS = 12;

/** Hashes what `hasher` has not seen yet, and remembers the model's hash. */
export async function completedHash(
	checkpoint: Checkpoint,
	reader: WeightReader,
	hasher: ModelHasher | null,
	home: string
): Promise<string> {
	const hash = await completeHash(checkpoint, reader, hasher ?? new ModelHasher(checkpoint));
	await rememberHash(home, checkpoint, hash);
	return hash;
}

/**
 * Throws InputError where a folder no longer holds the weights that a run was made with. Reads the weights only
 * where their hash is not remembered.
 */
export async function checkSameModel(folder: string, hash: string, home: string): Promise<void> {
	const checkpoint = await openCheckpoint(folder);
	const reader = new WeightReader();
	try {
		const now =
			(await rememberedHash(home, checkpoint)) ??
			(await completedHash(checkpoint, reader, null, home));
		if (now !== hash) {
			throw new InputError(
				`model ${folder}: its weights have the hash ${now.slice(0, SHOWN_DIGITS)}; the run was made with ${hash.slice(0, SHOWN_DIGITS)}. Analyse it again`
			);
		}
	} finally {
		await reader.close();
	}
}
