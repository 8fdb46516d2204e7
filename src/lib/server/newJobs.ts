import { analyzeCommand } from '$analysis/analyze/command.ts';
import { InputError } from '$analysis/errors.ts';
import type { TextChoice } from '$lib/api.ts';
import type { NewJob } from './jobs/manager.ts';
import type { PreparedModel } from './prepare.ts';
import { SAMPLES_PATH } from './texts.ts';

/**
 * The jobs of an analysis, one a model, each with the command that makes its run again; a pasted or uploaded text
 * is in it under the name the page gave it. Errors: InputError where a model would be refused; then none is queued.
 */
export function jobsOf(
	prepared: readonly PreparedModel[],
	texts: readonly TextChoice[],
	modelFolders: readonly string[]
): NewJob[] {
	const files = textNames(texts);
	return prepared.map(({ model, request, estimate, refusal }) => {
		if (refusal !== null) throw new InputError(refusal);
		const { modelFolder, documents, context, windows, metrics, views, jsRows } = request;
		const folders = model.origin === 'folder' ? modelFolders : [];
		return {
			model: model.id,
			run: null,
			request: { kind: 'analyze', modelFolder, context, windows, metrics, views, jsRows },
			documents,
			questions: null,
			command: analyzeCommand(model.id, files, request, folders),
			estimate
		};
	});
}

/** Texts as a command names them. */
export function textNames(texts: readonly TextChoice[]): string[] {
	return texts.map((text) => ('sample' in text ? `${SAMPLES_PATH}/${text.sample}.txt` : text.name));
}
