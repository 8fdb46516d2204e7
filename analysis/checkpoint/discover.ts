import { stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { messageOf } from '../errors.ts';
import { cachedModels, cacheFolder, children } from './cache.ts';
import { expectedTensors } from './expected.ts';
import { configFacts, modelFacts } from './facts.ts';
import { exists, isFolder } from './files.ts';
import { openCheckpoint, readConfig } from './open.ts';
import { missingTokenizer } from './tokenizer.ts';
import type { ModelFacts, ModelListing } from './types.ts';

export interface ModelPlaces {
	/** Folder of the bundled models. */
	bundled: string;
	/** Folders given with --models: each a model, or a folder of models. */
	folders: readonly string[];
	/** Says where the Hugging Face cache is: HF_HUB_CACHE, HF_HOME. */
	env: Record<string, string | undefined>;
}

type Found = Pick<ModelListing, 'id' | 'name' | 'folder' | 'origin'>;

/**
 * The models that can be had without typing a path: the bundled ones, those in --models folders, and those
 * in the Hugging Face cache, in that order. Only headers are read. Never throws for a single bad model: its
 * `problem` says what is wrong. Neither does it for a --models folder that is missing or holds no model,
 * which is listed as a problem of its own; folders in it without config.json are passed over.
 */
export async function discoverModels(places: ModelPlaces): Promise<ModelListing[]> {
	const found: Found[] = [];
	for (const folder of await modelFolders(places.bundled)) found.push(inFolder(folder, 'bundled'));
	const empty: ModelListing[] = [];
	for (const place of places.folders) {
		const folders = await modelFolders(place);
		if (folders.length === 0) empty.push(await emptyPlace(place));
		for (const folder of folders) {
			const known = found.some((model) => model.folder === folder);
			if (!known) found.push(inFolder(folder, 'folder'));
		}
	}
	for (const model of await cachedModels(cacheFolder(places.env))) {
		found.push({ ...model, origin: 'cache' });
	}
	const listings: ModelListing[] = [];
	for (const model of withUniqueIds(found)) listings.push(await examine(model));
	return [...listings, ...empty];
}

/** A folder that is a model, or those of its children that are; sorted. */
async function modelFolders(place: string): Promise<string[]> {
	const folder = resolve(place);
	if (await exists(join(folder, 'config.json'))) return [folder];
	const models: string[] = [];
	for (const child of await children(folder)) {
		const path = join(folder, child);
		if (await exists(join(path, 'config.json'))) models.push(path);
	}
	return models;
}

function inFolder(folder: string, origin: 'bundled' | 'folder'): Found {
	const name = basename(folder);
	return { id: name, name, folder, origin };
}

/** The second model of a name becomes name-2, the third name-3. */
function withUniqueIds(found: readonly Found[]): Found[] {
	const taken = new Set<string>();
	return found.map((model) => {
		let id = model.id;
		for (let number = 2; taken.has(id); number++) id = `${model.id}-${number}`;
		taken.add(id);
		return { ...model, id };
	});
}

async function emptyPlace(place: string): Promise<ModelListing> {
	const folder = resolve(place);
	const problem = (await isFolder(folder))
		? `${folder}: no model in it; expected a folder with config.json, or folders that have one`
		: `${folder}: no such folder`;
	return { id: folder, name: basename(folder), folder, origin: 'folder', facts: null, problem };
}

async function examine(found: Found): Promise<ModelListing> {
	try {
		const facts = modelFacts(await openCheckpoint(found.folder));
		return { ...found, facts, problem: await missingTokenizer(found.folder) };
	} catch (error) {
		// Whatever is wrong with one model, down to a failing disk, the others are still to be listed.
		const facts = await factsOfConfig(found.folder);
		return { ...found, facts, problem: messageOf(error) };
	}
}

/** What config.json alone says of a model whose weights cannot be used; null where that cannot be read either. */
async function factsOfConfig(folder: string): Promise<ModelFacts | null> {
	try {
		const config = await readConfig(folder);
		const parameters = expectedTensors(config).reduce(
			(sum, { shape }) => sum + shape.reduce((product, size) => product * size, 1),
			0
		);
		return configFacts(config, parameters, await weightBytes(folder));
	} catch {
		return null;
	}
}

async function weightBytes(folder: string): Promise<number> {
	let bytes = 0;
	for (const file of await children(folder)) {
		const path = join(folder, file);
		if (file.endsWith('.safetensors') && (await exists(path))) bytes += (await stat(path)).size;
	}
	return bytes;
}
