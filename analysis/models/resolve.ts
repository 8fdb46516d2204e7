import { resolve } from 'node:path';
import { InputError } from '../errors.ts';
import { exists, isFolder } from '../checkpoint/files.ts';
import type { ModelListing } from '../checkpoint/types.ts';

/**
 * The folder that MODEL means: a listed model's id, its name where only one has it, or a folder; or an ONNX file.
 * What begins with "." or "/" is always a path. Throws InputError that says which models are known.
 */
export async function resolveModel(
	model: string,
	listings: readonly ModelListing[]
): Promise<string> {
	if (!/^[./]/.test(model)) {
		const listed = listings.find(({ id }) => id === model);
		if (listed !== undefined) return listed.folder;
		const named = listings.filter(({ name }) => name === model);
		if (named.length === 1) return named[0].folder;
	}
	if ((await isFolder(model)) || (model.endsWith('.onnx') && (await exists(model)))) {
		return resolve(model);
	}
	const known = listings.map(({ id }) => id).join(', ');
	throw new InputError(
		`${model}: no such model: neither a folder nor listed; known: ${known === '' ? 'none' : known}`
	);
}
