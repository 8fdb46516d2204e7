import type { MeasuredModel } from '$analysis/measure/results/command.ts';
import type { RunRecord } from '$analysis/workspace/run/types.ts';
import type { Estimate } from '$analysis/engine/estimate.ts';
import { InputError } from '$analysis/errors.ts';
import type { MeasurementEstimate, NewMeasurement } from '$lib/client/api.ts';
import { planFileName } from '$lib/controls/save.ts';
import type { NewJob } from './jobs/manager.ts';
import { prepareMeasurement } from './measurementKinds.ts';
import { keepTexts } from './keptTexts.ts';
import { documentsOf } from './texts.ts';
import type { Workbench } from './workbench.ts';

/**
 * The job of a measurement, refused early where it cannot be done. Errors: NotFoundError for an unknown run, text or
 * result; InputError where model, texts, plan, gates, questions or limits are at fault.
 */
export async function measurementJob(
	asked: NewMeasurement,
	means: Pick<Workbench, 'settings' | 'reader' | 'models' | 'runs' | 'results'>,
	signal?: AbortSignal
): Promise<NewJob & { estimate: Estimate }> {
	const { runs, settings } = means;
	const { home, memoryLimitBytes, root } = settings;
	const { id, model } = await runs.record(asked.run);
	const documents = asked.kind === 'bench' ? [] : await documentsOf(asked.texts, root);
	const prepared = await prepareMeasurement(asked, {
		about: { modelFolder: model.folder, modelHash: model.hash },
		own: { home, memoryLimitBytes },
		documents,
		named: await namedAsUsersDo(model, means),
		planFile: planFileName(model.name),
		root,
		results: means.results,
		reader: means.reader,
		signal
	});
	return { model: model.name, run: id, documents, ...prepared };
}

/** Keeps what of a measurement came from the page, so that its command can read it. Errors as `keepTexts`. */
export async function keepInputs(asked: NewMeasurement, home: string): Promise<void> {
	if (asked.kind !== 'bench') await keepTexts(asked.texts, home);
	const { questions = null } = asked.kind === 'evaluate' ? asked : {};
	if (questions !== null && questions !== 'continuations') await keepTexts([questions], home);
}

/** What a measurement would take. Errors: NotFoundError as `measurementJob`; all else is a refusal. */
export async function measurementEstimate(
	...asked: Parameters<typeof measurementJob>
): Promise<MeasurementEstimate> {
	try {
		const { estimate } = await measurementJob(...asked);
		return { estimate, refusal: null };
	} catch (error) {
		if (!(error instanceof InputError)) throw error;
		return { estimate: null, refusal: error.message };
	}
}

/** What the command names: the model as the list of models has it, or by its folder. */
async function namedAsUsersDo(
	{ folder }: RunRecord['model'],
	{ models, settings }: Pick<Workbench, 'models' | 'settings'>
): Promise<MeasuredModel> {
	const listed = (await models.list()).find((listing) => listing.folder === folder);
	return {
		model: listed?.id ?? folder,
		modelFolders: listed?.origin === 'folder' ? settings.modelFolders : []
	};
}
