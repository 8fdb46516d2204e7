/** The ending of an ONNX file's name, which tells it from a checkpoint's folder and a GGUF file. */
export const ONNX_SUFFIX = '.onnx';

/** Returns true if a path is that of an ONNX file, by its name alone, as for the model of a stored run. */
export function isOnnxPath(path: string): boolean {
	return path.endsWith(ONNX_SUFFIX);
}
