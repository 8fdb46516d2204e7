import { InputError } from '../errors.ts';
import type { Model } from './open.ts';

/** Characters of a hash that are shown; enough to tell two models apart. */
const SHOWN_DIGITS = 12;

/**
 * Throws InputError where a model no longer has the weights that a run was made with. Reads the weights only where
 * their hash is not remembered in the workspace `home`.
 */
export async function checkSameModel(model: Model, hash: string, home: string): Promise<void> {
	refuseOther(model, await model.hash(home), hash);
}

/** The same as far as it is known without reading the weights; a run checks what it reads. */
export async function refuseKnownOther(model: Model, hash: string, home: string): Promise<void> {
	const now = await model.knownHash(home);
	if (now !== null) refuseOther(model, now, hash);
}

/** Confirms a run's hash; where the weights were changed meanwhile, `discard`s what it has kept. */
export async function confirmedOr(
	model: Model,
	home: string,
	discard: () => Promise<void>
): Promise<void> {
	try {
		await model.hash(home);
	} catch (error) {
		await discard();
		throw error;
	}
}

function refuseOther({ path }: Model, now: string, hash: string): void {
	if (now === hash) return;
	throw new InputError(
		`model ${path}: its weights have the hash ${now.slice(0, SHOWN_DIGITS)}; the run was made with ${hash.slice(0, SHOWN_DIGITS)}. Analyse it again`
	);
}
