import { join } from 'node:path';
import { exists, isFolder } from './checkpoint/files.ts';
import { isGguf } from './gguf/header.ts';
import { findOnnxFile } from './onnx/locate.ts';

/** Form and path of MODEL, as known without reading it. */
export interface NamedModel {
	form: 'checkpoint' | 'onnx' | 'gguf';
	/** The ONNX file that a folder means; else the path as given. */
	path: string;
}

/**
 * Tells the forms of models apart, here alone; what is of no form is taken for a checkpoint. Throws InputError where a
 * folder has several ONNX files and none is the one.
 */
export async function formOf(path: string): Promise<NamedModel> {
	const file = await findOnnxFile(path);
	if (file !== null) return { form: 'onnx', path: file };
	return { form: (await isGguf(path)) ? 'gguf' : 'checkpoint', path };
}

/** The same of what is there, usable or not; null: neither a folder nor a file of a known form. Throws as `formOf`. */
export async function findForm(path: string): Promise<NamedModel | null> {
	const named = await formOf(path);
	const isThere = await (named.form === 'checkpoint' ? isFolder(path) : exists(named.path));
	return isThere ? named : null;
}

/** Returns true if a model is there, usable or not: of several ONNX files any, and no folder without config.json. */
export async function holdsModel(path: string): Promise<boolean> {
	// It throws of several ONNX files alone.
	const named = await findForm(path).catch((): NamedModel => ({ form: 'onnx', path }));
	if (named?.form === 'checkpoint') return exists(join(path, 'config.json'));
	return named !== null;
}
