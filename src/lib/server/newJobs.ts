import { analyze } from '$analysis/measure/analyze/index.ts';
import { commandOf } from '$analysis/measure/command.ts';
import { InputError } from '$analysis/errors.ts';
import type { TextChoice } from '$lib/client/api.ts';
import type { NewJob } from './jobs/manager.ts';
import { jobRequestOf } from './jobs/record.ts';
import { textNames } from './keptTexts.ts';
import type { PreparedModel } from './prepare.ts';

/**
 * The jobs of an analysis, one a model, each with the command that makes its run again, in which a pasted or uploaded
 * text stands as `keepTexts` keeps it. Errors: InputError where a model would be refused; then none is queued.
 */
export function jobsOf(
	prepared: readonly PreparedModel[],
	texts: readonly TextChoice[],
	folders: readonly string[]
): NewJob[] {
	return prepared.map(({ model, request, estimate, refusal }) => {
		if (refusal !== null) throw new InputError(refusal);
		const { documents, settings, home } = request;
		const modelFolders = model.origin === 'folder' ? folders : [];
		const named = { model: model.id, texts: textNames(texts, home), modelFolders };
		return {
			model: model.id,
			run: null,
			request: jobRequestOf(request, null),
			documents,
			questions: null,
			command: commandOf(analyze, named, settings),
			estimate
		};
	});
}
