import { lstat, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { quoted } from '../edge/quote.ts';
import { InputError } from '../errors.ts';
import { isBeingWritten, PARTIAL_PREFIX, partialName } from '../process/partial.ts';

/** Ids are folder names of our making: no separators, no leading dot. */
export const ID = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;

/** A folder of the workspace that holds a folder for each thing made, named by its id. */
export class Shelf {
	readonly root: string;
	/** Kind of thing that it holds, for messages. */
	readonly #what: string;

	constructor(root: string, what: 'run' | 'result') {
		this.root = root;
		this.#what = what;
	}

	/**
	 * Ids in no order. Unfinished folders are left out; none where the shelf does not exist. Throws InputError where it
	 * cannot be read.
	 */
	async ids(): Promise<string[]> {
		const entries = await readdir(this.root, { withFileTypes: true }).catch((error: unknown) => {
			const code = error instanceof Error && 'code' in error ? String(error.code) : '';
			if (code === 'ENOENT') return [];
			throw new InputError(
				`${quoted(this.root)}: the ${this.#what}s cannot be read (${code}); make it a folder that you may read`,
				{ cause: error }
			);
		});
		return entries
			.filter((entry) => !entry.isFile() && ID.test(entry.name))
			.map(({ name }) => name);
	}

	/** The folder an id has, whether or not it exists. Throws InputError for what is no id. */
	folder(id: string): string {
		if (!ID.test(id))
			throw new InputError(
				`${this.#what} ${JSON.stringify(id)}: not an id; allowed: letters, digits, dot, dash and underscore`
			);
		return join(this.root, id);
	}

	/** Deletes by id, never by path. It disappears at once, whole. Throws InputError where there is none. */
	async delete(id: string): Promise<void> {
		const folder = this.folder(id);
		const found = await lstat(folder).catch(() => null);
		if (found === null) throw new InputError(`${this.#what} ${id}: not found in ${this.root}`);
		const doomed = join(this.root, partialName(id));
		await rename(folder, doomed);
		await rm(doomed, { recursive: true, force: true });
	}

	/** Removes what the making of `id` left, finished or not; only to be called when its maker has ended. */
	async discard(id: string): Promise<void> {
		const names = await readdir(this.root).catch(() => []);
		const left = names.filter((name) => name === id || name.startsWith(`${PARTIAL_PREFIX}${id}-`));
		for (const name of left) await rm(join(this.root, name), { recursive: true, force: true });
	}

	/**
	 * Removes what writers that were killed left unfinished; returns how many. What another process is writing
	 * stays; only to be called where this one writes nothing.
	 */
	async clearPartials(): Promise<number> {
		const names = await readdir(this.root).catch(() => []);
		const partials = names.filter(
			(name) => name.startsWith(PARTIAL_PREFIX) && !isBeingWritten(join(this.root, name))
		);
		for (const name of partials) await rm(join(this.root, name), { recursive: true, force: true });
		return partials.length;
	}
}
