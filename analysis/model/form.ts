import { isGguf } from './gguf/header.ts';
import { findOnnxFile } from './onnx/locate.ts';

/** Form and path of MODEL, as known without reading it; a folder that is of no form is taken for a checkpoint. */
export interface NamedModel {
	form: 'checkpoint' | 'onnx' | 'gguf';
	/** The ONNX file that a folder means; else the path as given. */
	path: string;
}

/** Tells the forms of models apart, here alone. Throws InputError where a folder has several ONNX files and none is the one. */
export async function formOf(path: string): Promise<NamedModel> {
	const file = await findOnnxFile(path);
	if (file !== null) return { form: 'onnx', path: file };
	return { form: (await isGguf(path)) ? 'gguf' : 'checkpoint', path };
}
