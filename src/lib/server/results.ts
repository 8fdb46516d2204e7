import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { quoted } from '$analysis/edge/quote.ts';
import { filesOf, listResults, readResult, resultShelf } from '$analysis/measure/results/folder.ts';
import type { StoredResult } from '$analysis/measure/results/types.ts';
import { removeLabel } from '$analysis/workspace/labels/files.ts';
import { ID, type Shelf } from '$analysis/workspace/shelf.ts';
import type { ResultsAnswer } from '$lib/client/api.ts';
import { NotFoundError } from './errors.ts';

/** The measurements of the workspace. Ids that the list does not have are unknown, whatever they spell. */
export class ResultCatalogue {
	readonly #home: string;
	readonly #shelf: Shelf;

	constructor(home: string) {
		this.#home = home;
		this.#shelf = resultShelf(home);
	}

	/** Of one model, by its hash, or of all. Folders that hold none are left out. */
	async list(model: string | null): Promise<ResultsAnswer> {
		const listed = await listResults(this.#home);
		return listed.flatMap(({ summary }) =>
			summary !== null && (model === null || summary.model.hash === model) ? [summary] : []
		);
	}

	async result(id: string): Promise<StoredResult> {
		await this.check(id);
		return readResult(this.#home, id);
	}

	/** Returns the folder of a result, without a check that it exists. Throws InputError if `id` is not an id. */
	folder(id: string): string {
		return this.#shelf.folder(id);
	}

	/**
	 * A file of refitted weights beside a result, and its length; only those that the result's plans name, and no links:
	 * they may lead anywhere.
	 */
	async file(id: string, name: string): Promise<{ path: string; bytes: number }> {
		const known = ID.test(name) && filesOf(await this.result(id)).includes(name);
		const path = known ? join(this.#shelf.folder(id), name) : null;
		const found = path === null ? null : await lstat(path).catch(() => null);
		if (path === null || !found?.isFile()) {
			throw new NotFoundError(`result ${quoted(id)}: has no file ${quoted(name)}`);
		}
		return { path, bytes: found.size };
	}

	/** Hashes of all texts that were measured on. Throws where a result cannot be read. */
	async textHashes(): Promise<string[]> {
		const hashes: string[] = [];
		for (const id of await this.#shelf.ids()) {
			const { texts } = await readResult(this.#home, id);
			hashes.push(...texts.map(({ sha256 }) => sha256));
		}
		return hashes;
	}

	async remove(id: string): Promise<void> {
		await this.check(id);
		await this.#shelf.delete(id);
		await removeLabel(this.#home, 'results', id);
	}

	/** Removes what the writers of an earlier server left unfinished. */
	async removeUnfinished(): Promise<void> {
		await this.#shelf.clearPartials();
	}

	/** Throws NotFoundError where no result has this id: nothing the browser says is joined to a path before. */
	async check(id: string): Promise<void> {
		if (!(await this.#shelf.ids()).includes(id)) {
			throw new NotFoundError(`result ${quoted(id)}: not known; it may have been deleted`);
		}
	}
}
