import { join, sep } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import type { ModelListing } from '$analysis/model/checkpoint/types.ts';
import { needTorch, withoutTorch } from '$analysis/model/catalogue/onlyTorch.ts';
import { quoted } from '$analysis/edge/quote.ts';
import { InputError, messageOf } from '$analysis/errors.ts';
import { NotFoundError } from './errors.ts';
import { typedFolder, type ModelFolders } from './modelFolders.ts';
import type { Reader } from '$analysis/measure/questions.ts';

/** After this long a page shows what is known of the models, and asks again later. */
const PATIENCE_MS = 2_000;

/** The models as far as they are known. */
export interface KnownModels {
	models: ModelListing[];
	/** Reason that these may not be all there are; null: they are. */
	problem: string | null;
}

/** The models of this machine that were found without being named. */
export class ModelCatalogue {
	readonly #bundled: string;
	readonly folders: ModelFolders;
	readonly #reader: Reader;
	readonly #torch: { python: string; found: Promise<boolean> };
	/** Those that were found last. */
	#last: ModelListing[] = [];
	/** The look that has not ended yet. */
	#looking: Promise<ModelListing[]> | null = null;

	/** `torch`: whether PyTorch is there, asked where a model needs it. */
	constructor(
		root: string,
		folders: ModelFolders,
		reader: Reader,
		torch: { python: string; found: Promise<boolean> }
	) {
		this.#bundled = join(root, 'models');
		this.folders = folders;
		this.#reader = reader;
		this.#torch = torch;
	}

	/** Looked for anew each time: a download may have ended since. */
	async list(): Promise<ModelListing[]> {
		this.#last = await this.#look(this.folders.all);
		return this.#last;
	}

	/**
	 * Adds the folder that a person typed; the models of it that can be used come back. Errors: InputError where it holds
	 * no model, in the words of whoever looked; then it is not added.
	 */
	async add(typed: string): Promise<ModelListing[]> {
		const folder = typedFolder(typed);
		const listed = await this.#look([...this.folders.all, folder]);
		const inIt = listed.filter((model) => isWithin(folder, model.folder));
		const usable = inIt.filter(({ problem }) => problem === null);
		if (usable.length === 0)
			throw new InputError(inIt.at(0)?.problem ?? `${folder}: no model in it`);
		this.folders.add(folder);
		return usable;
	}

	async #look(folders: string[]): Promise<ModelListing[]> {
		const places = { bundled: this.#bundled, folders, env: { ...process.env } };
		const listings = await this.#reader.ask('models', places);
		if (!needTorch(listings) || (await this.#torch.found)) return listings;
		return withoutTorch(listings, this.#torch.python);
	}

	/** The list, or those found last where looking takes longer than `patienceMs` or fails. */
	async known(patienceMs = PATIENCE_MS): Promise<KnownModels> {
		const waiting = new AbortController();
		this.#looking ??= this.list().finally(() => (this.#looking = null));
		const late = after(patienceMs, null, { signal: waiting.signal }).catch(() => null);
		try {
			const models = await Promise.race([this.#looking, late]);
			if (models !== null) return { models, problem: null };
			// A failure is met by whoever asks next; until then it must not count as unhandled.
			this.#looking.catch(() => undefined);
			return {
				models: this.#last,
				problem: 'Still looking for models. The list may not be complete.'
			};
		} catch (error) {
			return { models: this.#last, problem: `Models could not be listed: ${messageOf(error)}` };
		} finally {
			waiting.abort();
		}
	}

	/** The listings of some ids, in order. Errors: NotFoundError; an id is never taken for a path. */
	async find(ids: readonly string[]): Promise<ModelListing[]> {
		const listings = await this.list();
		return ids.map((id) => {
			const listing = listings.find((candidate) => candidate.id === id);
			if (!listing)
				throw new NotFoundError(`model ${quoted(id)}: not known; reload the list of models`);
			return listing;
		});
	}

	/** The listing of an id, or of the folder or file that a run names. Errors as `find`. */
	async named(name: string): Promise<ModelListing> {
		const listings = await this.list();
		const listing =
			listings.find(({ id }) => id === name) ?? listings.find(({ folder }) => folder === name);
		if (!listing) throw new NotFoundError(`model ${quoted(name)}: not among the models found`);
		return listing;
	}
}

function isWithin(folder: string, path: string): boolean {
	return path === folder || path.startsWith(folder.endsWith(sep) ? folder : `${folder}${sep}`);
}
