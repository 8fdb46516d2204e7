import type { NewAnalysis } from '$lib/api.ts';
import { planAnalysis, type PlannedModel } from './newAnalysis.ts';
import { documentsOf } from './texts.ts';
import type { Workbench } from './workbench.ts';

/** What a new analysis would take, model by model. Errors: InputError; NotFoundError for unknown ids. */
export async function planOf(
	analysis: NewAnalysis,
	{ settings, models }: Pick<Workbench, 'settings' | 'models'>
): Promise<PlannedModel[]> {
	const documents = await documentsOf(analysis.texts, settings.root);
	return planAnalysis(analysis, await models.find(analysis.models), documents, settings);
}
