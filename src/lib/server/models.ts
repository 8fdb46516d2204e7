import { join } from 'node:path';
import type { ModelListing } from '$analysis/model/checkpoint/types.ts';
import { NotFoundError } from './errors.ts';
import type { Reader } from '$analysis/measure/questions.ts';

/** The models of this machine that were found without being named. */
export class ModelCatalogue {
	readonly #bundled: string;
	readonly #folders: string[];
	readonly #reader: Reader;

	constructor(root: string, folders: string[], reader: Reader) {
		this.#bundled = join(root, 'models');
		this.#folders = folders;
		this.#reader = reader;
	}

	/** Looked for anew each time: a download may have ended since. */
	list(): Promise<ModelListing[]> {
		const places = { bundled: this.#bundled, folders: this.#folders, env: { ...process.env } };
		return this.#reader.ask('models', places);
	}

	/** The listings of some ids, in order. Errors: NotFoundError; an id is never taken for a path. */
	async find(ids: readonly string[]): Promise<ModelListing[]> {
		const listings = await this.list();
		return ids.map((id) => {
			const listing = listings.find((candidate) => candidate.id === id);
			if (!listing) throw new NotFoundError(`model ${id}: not known; reload the list of models`);
			return listing;
		});
	}

	/** The listing of an id, or of the folder or file that a run names. Errors as `find`. */
	async named(name: string): Promise<ModelListing> {
		const listings = await this.list();
		const listing =
			listings.find(({ id }) => id === name) ?? listings.find(({ folder }) => folder === name);
		if (!listing) throw new NotFoundError(`model ${name}: not among the models found`);
		return listing;
	}
}
