import { InputError, messageOf } from '../errors.ts';

/** What onnxruntime says, without its lists of files and its line breaks. */
export function refused(file: string, error: unknown): InputError {
	const said = messageOf(error).replaceAll(/\s+/g, ' ').trim();
	return new InputError(`${file}: onnxruntime cannot run it: ${said}`, { cause: error });
}
