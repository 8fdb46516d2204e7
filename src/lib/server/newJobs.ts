import { analyzeCommand } from '$analysis/measure/analyze/command.ts';
import { InputError } from '$analysis/errors.ts';
import type { TextChoice } from '$lib/client/api.ts';
import type { NewJob } from './jobs/manager.ts';
import { textNames } from './keptTexts.ts';
import type { PreparedModel } from './prepare.ts';

/**
 * The jobs of an analysis, one a model, each with the command that makes its run again, in which a pasted or uploaded
 * text stands as `keepTexts` keeps it. Errors: InputError where a model would be refused; then none is queued.
 */
export function jobsOf(
	prepared: readonly PreparedModel[],
	texts: readonly TextChoice[],
	modelFolders: readonly string[]
): NewJob[] {
	return prepared.map(({ model, request, estimate, refusal }) => {
		if (refusal !== null) throw new InputError(refusal);
		const files = textNames(texts, request.home);
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
