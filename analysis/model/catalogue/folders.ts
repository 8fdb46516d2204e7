import { basename, join, relative, resolve, sep } from 'node:path';
import { children } from '../checkpoint/cache.ts';
import { exists, isOwnFolder } from '../checkpoint/files.ts';
import type { ModelListing } from '../checkpoint/types.ts';
import { isGguf } from '../gguf/header.ts';
import { ggufName, isGgufName } from '../gguf/open.ts';
import { hasCheckpointWeights, onnxFilesIn, onnxName, SUBFOLDER } from '../onnx/locate.ts';

/** A folder that holds a checkpoint, ONNX or GGUF files, or several of these. */
export type ModelFolder = Pick<ModelListing, 'id' | 'name' | 'folder' | 'origin'>;

/** A model that was found and not looked into. */
export type FoundModel = ModelFolder & Pick<ModelListing, 'form'>;

/** Depth to which ONNX files lie in a snapshot: onnxruntime-genai's have device, then type, as folders. */
const SNAPSHOT_DEPTH = 3;

/**
 * A folder that is a model, or else those in it that are, sorted; with ONNX or GGUF files and without config.json it is both.
 * Names that begin with a dot are passed over: half-written folders have such.
 */
export async function modelFolders(
	place: string,
	origin: 'bundled' | 'folder'
): Promise<ModelFolder[]> {
	const folder = resolve(place);
	const asModel = (path: string): ModelFolder => {
		const name = basename(path);
		return { id: name, name, folder: path, origin };
	};
	if (await exists(join(folder, 'config.json'))) return [asModel(folder)];
	const itself = await hasFiles(folder);
	const models = itself ? [asModel(folder)] : [];
	for (const child of await children(folder)) {
		if (child.startsWith('.') || (itself && child === SUBFOLDER)) continue;
		const path = join(folder, child);
		const isModel = (await exists(join(path, 'config.json'))) || (await hasFiles(path));
		if (isModel) models.push(asModel(path));
	}
	return models;
}

/** Models in a folder, by form. */
interface FolderContents {
	/** Model of a folder with config.json, whatever that describes, or of a download, whatever it holds; null: neither. */
	checkpoint: FoundModel | null;
	/** True if weights of a checkpoint are there too. */
	weights: boolean;
	onnx: FoundModel[];
	gguf: FoundModel[];
}

/**
 * The models in a folder. `model.onnx` has the folder's id, with `model` after it where that is a checkpoint's; other
 * ONNX files have their own names after it.
 */
export async function modelsIn(folder: ModelFolder): Promise<FolderContents> {
	const { folder: path, id, origin } = folder;
	const configured = await exists(join(path, 'config.json'));
	const weights = configured && (await hasCheckpointWeights(path));
	const files = await onnxFiles(path, origin === 'cache');
	const gguf = await ggufFiles(path);
	return {
		checkpoint: configured || origin === 'cache' ? { ...folder, form: 'checkpoint' } : null,
		weights,
		onnx: files.map((file) => {
			const within = placeIn(path, file);
			const own = within === '' && weights ? 'model' : within;
			return {
				id: own === '' ? id : `${id}/${own}`,
				name: onnxName(file),
				folder: file,
				form: 'onnx',
				origin
			};
		}),
		gguf: gguf.map((file) => {
			const name = ggufName(file);
			return { id: `${id}/${name}`, name, folder: file, form: 'gguf', origin };
		})
	};
}

/** Returns true if a folder has ONNX or GGUF files, each a model by itself. */
async function hasFiles(folder: string): Promise<boolean> {
	return (await onnxFiles(folder, false)).length > 0 || (await ggufFiles(folder)).length > 0;
}

/** Paths of the GGUF files in a folder; of one in parts, the first. */
async function ggufFiles(folder: string): Promise<string[]> {
	const files: string[] = [];
	for (const name of (await children(folder)).filter(isGgufName)) {
		const file = join(folder, name);
		if (await isGguf(file)) files.push(file);
	}
	return files;
}

/** Formats the place of an ONNX file in a model's folder; empty for model.onnx, also in the subfolder `onnx`. */
function placeIn(folder: string, file: string): string {
	const parts = relative(folder, file)
		.replace(/\.onnx$/, '')
		.split(sep);
	if (parts[0] === SUBFOLDER && parts.length > 1) parts.shift();
	if (parts.at(-1) === 'model') parts.pop();
	return parts.join('/');
}

/** Paths of the ONNX files in a folder and its subfolder `onnx`, or in every subfolder. */
async function onnxFiles(folder: string, everywhere: boolean): Promise<string[]> {
	const folders = everywhere
		? await subfolders(folder, SNAPSHOT_DEPTH)
		: [folder, join(folder, SUBFOLDER)];
	const files: string[] = [];
	for (const each of folders) {
		files.push(...(await onnxFilesIn(each)).map((name) => join(each, name)));
	}
	return files;
}

/** A folder and those in it, down to a depth; links to folders lead out of it, and back into it. */
async function subfolders(folder: string, depth: number): Promise<string[]> {
	const found = [folder];
	for (const child of depth === 0 ? [] : await children(folder)) {
		const path = join(folder, child);
		if (await isOwnFolder(path)) found.push(...(await subfolders(path, depth - 1)));
	}
	return found;
}
