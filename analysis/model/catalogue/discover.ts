import { basename, resolve } from 'node:path';
import { cachedModels, cacheFolder } from '../checkpoint/cache.ts';
import { exists, isFolder } from '../checkpoint/files.ts';
import { children } from '../checkpoint/cache.ts';
import { describeFile, describeFolder } from '../checkpoint/foreign.ts';
import { messageOf } from '../../errors.ts';
import type { ModelListing } from '../checkpoint/types.ts';
import { examineCheckpoint } from './checkpoint.ts';
import { downloadedModels } from './downloaded.ts';
import { modelFolders, modelsIn, type FoundModel, type ModelFolder } from './folders.ts';
import { OnnxExaminer } from './onnx.ts';

export interface ModelPlaces {
	/** Folder of the bundled models. */
	bundled: string;
	/** Folders given with --models: each a model, or a folder of models. */
	folders: readonly string[];
	/** Says where downloads are: HF_HUB_CACHE, HF_HOME, OLLAMA_MODELS, LLAMA_CACHE. */
	env: Record<string, string | undefined>;
}

/**
 * The models that can be had without typing a path: the bundled ones, those in --models folders, and those
 * in the Hugging Face cache, and what Ollama and llama.cpp downloaded, in that order; checkpoints, ONNX and GGUF files, each file a model of its own. Only headers and
 * graphs are read; `examiner` remembers what it found in ONNX files. Never throws for a single bad model: its
 * `problem` says what is wrong. Neither does it for a --models folder that is missing or holds no model, which is
 * listed as a problem of its own. Passed over are folders in it without config.json and ONNX or GGUF files, and ONNX files that
 * cannot be language models; and, unlooked at, folders without a model that is `wanted`.
 */
export async function discoverModels(
	places: ModelPlaces,
	examiner = new OnnxExaminer(),
	wanted: (model: FoundModel) => boolean = () => true
): Promise<ModelListing[]> {
	const listings: ModelListing[] = [];
	const empty: ModelListing[] = [];
	const add = async (folders: readonly ModelFolder[]): Promise<boolean> => {
		let found = false;
		for (const folder of folders) {
			const models = await examineOrExplain(folder, examiner, wanted);
			found ||= models === null || models.length > 0;
			if (models === null) continue;
			const known = new Set(listings.map((listing) => listing.folder));
			listings.push(...models.filter((listing) => !known.has(listing.folder)));
		}
		return found;
	};
	await add(await modelFolders(places.bundled, 'bundled'));
	for (const place of places.folders) {
		const found = await add(await modelFolders(place, 'folder'));
		if (!found) empty.push(await emptyPlace(place));
	}
	const cached = await cachedModels(cacheFolder(places.env));
	await add(cached.map((model) => ({ ...model, origin: 'cache' })));
	for (const model of await downloadedModels(places.env)) {
		if (wanted(model)) listings.push({ ...model, ...(await examineCheckpoint(model)) });
	}
	return [...withUniqueIds(listings), ...empty];
}

/** The same of a folder that cannot even be looked into: whatever is wrong with one, the others are to be listed. */
async function examineOrExplain(
	folder: ModelFolder,
	examiner: OnnxExaminer,
	wanted: (model: FoundModel) => boolean
): Promise<ModelListing[] | null> {
	try {
		return await examine(folder, examiner, wanted);
	} catch (error) {
		const unknown = { form: 'checkpoint', facts: null, planned: null } as const;
		return [{ ...folder, ...unknown, problem: messageOf(error) }];
	}
}

/** null: no model in the folder is wanted. */
async function examine(
	folder: ModelFolder,
	examiner: OnnxExaminer,
	wanted: (model: FoundModel) => boolean
): Promise<ModelListing[] | null> {
	const { checkpoint, weights, onnx, gguf } = await modelsIn(folder);
	const found = [...(checkpoint === null ? [] : [checkpoint]), ...onnx, ...gguf];
	if (found.length > 0 && !found.some(wanted)) return null;
	const listings: ModelListing[] = [];
	for (const model of onnx) {
		const examined = await examiner.examine(model.folder);
		if (examined !== null) listings.push({ ...model, ...examined });
	}
	for (const model of gguf) listings.push({ ...model, ...(await examineCheckpoint(model)) });
	// Without weights, the folder is that of the files in it, where there are some.
	if (checkpoint === null || (!weights && listings.length > 0)) return listings;
	return [{ ...checkpoint, ...(await examineCheckpoint(checkpoint)) }, ...listings];
}

/** The second model of a name becomes name-2, the third name-3. */
function withUniqueIds(found: readonly ModelListing[]): ModelListing[] {
	const taken = new Set<string>();
	return found.map((model) => {
		let id = model.id;
		for (let number = 2; taken.has(id); number++) id = `${model.id}-${number}`;
		taken.add(id);
		return { ...model, id };
	});
}

/** Describes the problem of each --models folder that holds no model. No model is examined. */
export async function placeProblems(places: readonly string[]): Promise<string[]> {
	const problems: string[] = [];
	for (const place of places) {
		if ((await modelFolders(place, 'folder')).length > 0) continue;
		problems.push(await problemOfPlace(resolve(place)));
	}
	return problems;
}

async function emptyPlace(place: string): Promise<ModelListing> {
	const folder = resolve(place);
	const problem = await problemOfPlace(folder);
	const name = basename(folder);
	return {
		id: folder,
		name,
		folder,
		form: 'checkpoint',
		origin: 'folder',
		facts: null,
		planned: null,
		problem
	};
}

async function problemOfPlace(folder: string): Promise<string> {
	if (!(await exists(folder))) return `${folder}: no such folder`;
	if (!(await isFolder(folder))) return `${folder}: ${await describeFile(folder)}`;
	const what = (await children(folder)).length === 0 ? null : await describeFolder(folder);
	const none =
		'no model in it; expected a folder with config.json, or with ONNX or GGUF files, or folders that have some';
	return `${folder}: ${what ?? none}`;
}
