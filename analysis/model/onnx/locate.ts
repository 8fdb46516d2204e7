import { readdir } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { exists, isFolder } from '../checkpoint/files.ts';
import { modelName } from '../checkpoint/open.ts';
import { InputError } from '../../errors.ts';
import { isOnnxPath, ONNX_SUFFIX } from './suffix.ts';

/** Name of a folder's main model, where there are others: quantized ones, for the most part. */
const MAIN = 'model.onnx';
/** Subfolder of the models of onnx-community, beside config.json and tokenizer.json. */
export const SUBFOLDER = 'onnx';

const CHECKPOINT_WEIGHTS = ['model.safetensors', 'model.safetensors.index.json'];

/**
 * The ONNX file that MODEL means: itself, or that of a folder without safetensors weights, or of its `onnx`
 * subfolder; null: MODEL is a checkpoint, or nothing. Of several files, model.onnx. Throws InputError where
 * several are there and none is called so.
 */
export async function findOnnxFile(model: string): Promise<string | null> {
	const path = resolve(model);
	if (!(await isFolder(path))) return isOnnxPath(path) ? path : null;
	if (await hasCheckpointWeights(path)) return null;
	for (const folder of [path, join(path, SUBFOLDER)]) {
		const files = await onnxFilesIn(folder);
		if (files.length === 0) continue;
		if (files.length > 1 && !files.includes(MAIN)) {
			throw new InputError(`${folder}: several ONNX files, ${files.join(', ')}; name one of them`);
		}
		return join(folder, files.length === 1 ? files[0] : MAIN);
	}
	return null;
}

/** Returns true if a folder has weights in Hugging Face layout; it is then a checkpoint, whatever else it holds. */
export async function hasCheckpointWeights(folder: string): Promise<boolean> {
	for (const weights of CHECKPOINT_WEIGHTS) if (await exists(join(folder, weights))) return true;
	return false;
}

/** Names of the ONNX files in a folder, sorted; none where it cannot be read. */
export async function onnxFilesIn(folder: string): Promise<string[]> {
	const names = await readdir(folder).catch(() => []);
	return names.filter(isOnnxPath).sort();
}

/** Path of a file that belongs to an ONNX model, beside it or one folder up; null: there is none. */
export async function findBeside(file: string, name: string): Promise<string | null> {
	const beside = dirname(file);
	for (const folder of [beside, dirname(beside)]) {
		const path = join(folder, name);
		if (await exists(path)) return path;
	}
	return null;
}

/** A model's name for people: its folder's, and the file's where it is not simply "model". */
export function onnxName(file: string): string {
	const folder = dirname(file);
	const home = basename(folder) === SUBFOLDER ? dirname(folder) : folder;
	const stem = basename(file, ONNX_SUFFIX);
	return stem === basename(MAIN, ONNX_SUFFIX) ? modelName(home) : `${modelName(home)}/${stem}`;
}
