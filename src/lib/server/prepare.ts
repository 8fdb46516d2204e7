import { DEFAULT_JS_ROWS } from '$analysis/analyze/defaults.ts';
import { estimateAnalysis } from '$analysis/analyze/estimate.ts';
import type { AnalyzeRequest, Estimate } from '$analysis/analyze/types.ts';
import type { ModelListing } from '$analysis/checkpoint/types.ts';
import { InputError } from '$analysis/errors.ts';
import { METRICS, VIEWS } from '$analysis/similarity/types.ts';
import type { ModelEstimate, NewAnalysis } from '$lib/api.ts';
import { documentsOf } from './texts.ts';
import type { Workbench } from './workbench.ts';

/** An analysis of one model, ready to be queued, or why it would be refused. */
export interface PreparedModel {
	model: ModelListing;
	request: AnalyzeRequest;
	estimate: Estimate | null;
	refusal: string | null;
}

/**
 * What each model would take. All get the same number of windows, the smallest any of them can have: windows are
 * cut by their number, so only then do the models read the same places, and can be compared in pairs.
 * Errors: InputError for the texts; NotFoundError for unknown ids.
 */
export async function prepareAnalysis(
	analysis: NewAnalysis,
	{ settings, models }: Pick<Workbench, 'settings' | 'models'>
): Promise<PreparedModel[]> {
	const { context, metrics = [...METRICS], jsRows = DEFAULT_JS_ROWS } = analysis;
	const { home, memoryLimitBytes } = settings;
	const listings = await models.find(analysis.models);
	const documents = await documentsOf(analysis.texts, settings.root);
	const common = { documents, context, metrics, views: [...VIEWS], jsRows, home, memoryLimitBytes };
	let { windows } = analysis;
	for (;;) {
		const prepared: PreparedModel[] = [];
		for (const model of listings) {
			prepared.push(await prepareModel(model, { modelFolder: model.folder, windows, ...common }));
		}
		const fewest = Math.min(
			windows,
			...prepared.flatMap(({ estimate }) => estimate?.windows ?? [])
		);
		if (fewest === windows || prepared.length === 1) return prepared;
		windows = fewest;
	}
}

async function prepareModel(model: ModelListing, request: AnalyzeRequest): Promise<PreparedModel> {
	if (model.problem !== null) return { model, request, estimate: null, refusal: model.problem };
	try {
		return { model, request, estimate: await estimateAnalysis(request), refusal: null };
	} catch (error) {
		if (!(error instanceof InputError)) throw error;
		return { model, request, estimate: null, refusal: error.message };
	}
}

export function modelEstimate({ model, estimate, refusal }: PreparedModel): ModelEstimate {
	return { model: model.id, estimate, refusal };
}
