import { resolve } from 'node:path';
import { InputError } from '../errors.ts';
import { exists, isFolder } from '../checkpoint/files.ts';
import type { ModelListing } from '../checkpoint/types.ts';
import type { FoundModel } from './folders.ts';

/**
 * The folder that MODEL means: a listed model's id, its name where only one has it, or a folder; or an ONNX file.
 * What begins with "." or "/" is always a path. `list` gives the models that can be had, all or those in folders that
 * have a model of a kind; all of them are looked into only to say which are known. Throws InputError that says which
 * are.
 */
export async function resolveModel(
	model: string,
	list: (wanted?: (model: FoundModel) => boolean) => Promise<readonly ModelListing[]>
): Promise<string> {
	if (!/^[./]/.test(model)) {
		const listings = await list((found) => mayBe(found, model));
		const listed = listings.find(({ id }) => id === model);
		if (listed !== undefined) return listed.folder;
		const named = listings.filter(({ name }) => name === model);
		if (named.length === 1) return named[0].folder;
	}
	if ((await isFolder(model)) || (model.endsWith('.onnx') && (await exists(model)))) {
		return resolve(model);
	}
	const listings = await list();
	const known = listings.map(({ id }) => id).join(', ');
	throw new InputError(
		`${model}: no such model: neither a folder nor listed; known: ${known === '' ? 'none' : known}`
	);
}

/** Whether a model may be the one that is meant: of models with one id, all but the first get a number after it. */
function mayBe({ id, name }: FoundModel, model: string): boolean {
	return name === model || withoutNumber(id) === withoutNumber(model);
}

function withoutNumber(id: string): string {
	return id.replace(/(-\d+)+$/, '');
}
