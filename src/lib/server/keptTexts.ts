import { mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { InputError, messageOf } from '$analysis/errors.ts';
import { documentFacts } from '$analysis/model/tokens/documents.ts';
import type { Document } from '$analysis/model/tokens/types.ts';
import type { TextChoice } from '$lib/client/api.ts';
import { SAMPLES_PATH } from './texts.ts';

/** Of the workspace: a folder per text, named by its hash, so that the same text is kept once. */
const FOLDER = 'texts';
const HASH_DIGITS = 16;
/** Most file systems take 255 bytes; the name has an ending too. */
const MAX_NAME_LENGTH = 80;

/** Texts as a command names them: samples by their path, and those of the page where `keepTexts` puts them. */
export function textNames(texts: readonly TextChoice[], home: string): string[] {
	return texts.map((text) =>
		'sample' in text ? `${SAMPLES_PATH}/${text.sample}.txt` : keptPath(text, home)
	);
}

/** Returns the path at which a text of the page is kept. */
export function keptPath(text: Document, home: string): string {
	return resolve(home, FOLDER, hashOf(text), fileNameOf(text.name));
}

/**
 * Writes the texts that came from the page to the workspace, so that the command of what is made of them can read
 * them. Throws InputError where they cannot be written.
 */
export async function keepTexts(
	texts: readonly (TextChoice | Document)[],
	home: string
): Promise<void> {
	for (const text of texts) {
		if ('sample' in text) continue;
		const path = keptPath(text, home);
		if ((await stat(path).catch(() => null)) !== null) continue;
		const unfinished = `${path}.${process.pid}.partial`;
		try {
			await mkdir(join(path, '..'), { recursive: true });
			await writeFile(unfinished, text.text, { flush: true });
			await rename(unfinished, path);
		} catch (error) {
			await rm(unfinished, { force: true }).catch(() => undefined);
			throw new InputError(`text ${text.name}: cannot be kept as ${path}: ${messageOf(error)}`, {
				cause: error
			});
		}
	}
}

/**
 * Removes kept texts that nothing names any more. `used` gives the hashes of the texts of runs and results, and the
 * commands of jobs; it is not asked where nothing is kept, and where it throws every text stays: what is not
 * understood may need it.
 */
export async function removeUnusedTexts(
	home: string,
	used: () => Promise<{ hashes: readonly string[]; commands: readonly string[] }>
): Promise<void> {
	const kept = await readdir(join(home, FOLDER)).catch(() => []);
	if (kept.length === 0) return;
	const known = await used().catch(() => null);
	if (known === null) return;
	const { hashes, commands } = known;
	for (const folder of kept) {
		const named =
			hashes.some((hash) => hash.startsWith(folder)) ||
			commands.some((command) => command.includes(folder));
		if (!named) await rm(join(home, FOLDER, folder), { recursive: true, force: true });
	}
}

function hashOf(text: Document): string {
	return documentFacts(text).sha256.slice(0, HASH_DIGITS);
}

/** A bare name that every shell and file system takes; without an ending of its own it is a .txt. */
function fileNameOf(name: string): string {
	const bare = name
		.replace(/[^\w.-]+/g, '_')
		.replace(/^\.+/, '')
		.slice(0, MAX_NAME_LENGTH);
	const whole = bare === '' ? 'text' : bare;
	return /\.\w{1,6}$/.test(whole) ? whole : `${whole}.txt`;
}
