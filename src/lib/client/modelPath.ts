import { isOnnxPath } from '$analysis/model/onnx/suffix.ts';

/** Address of a model's page; the id may hold slashes, or be the path that a run names the model by. */
export function modelPath(id: string): string {
	return `/models/${encodeURIComponent(id)}`;
}

/** Is a run of an ONNX file? Its types are those of the file. */
export function isOnnxModel({ folder }: { folder: string }): boolean {
	return isOnnxPath(folder);
}
