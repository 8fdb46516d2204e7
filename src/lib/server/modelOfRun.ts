import { lstat } from 'node:fs/promises';
import { InputError } from '$analysis/errors.ts';
import type { RunRecord } from '$analysis/workspace/run/types.ts';
import type { ModelCatalogue } from './models.ts';

/**
 * Finds the folder of a run's model on this machine: the one that it had when the run was made, or else that of a model
 * of the same name. Whoever runs it compares hashes. Throws InputError, with advice, if there is none, as after the run
 * was imported.
 */
export async function folderOfModel(
	{ name, folder }: Pick<RunRecord['model'], 'name' | 'folder'>,
	models: Pick<ModelCatalogue, 'list'>
): Promise<string> {
	if ((await lstat(folder).catch(() => null)) !== null) return folder;
	const found = (await models.list()).find((model) => model.name === name && !model.problem);
	if (found !== undefined) return found.folder;
	throw new InputError(
		`${name} is not on this machine: the run names ${folder}, where nothing is. What was measured can be looked at; to measure more, add the folder of the model under Models on the first page`
	);
}
