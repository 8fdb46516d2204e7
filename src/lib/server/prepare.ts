import { DEFAULT_JS_ROWS } from '$analysis/measure/analyze/defaults.ts';
import type { AnalyzeRequest } from '$analysis/measure/analyze/types.ts';
import type { Estimate } from '$analysis/engine/estimate.ts';
import type { ModelListing } from '$analysis/model/checkpoint/types.ts';
import { InputError } from '$analysis/errors.ts';
import { METRICS, VIEWS } from '$analysis/similarity/types.ts';
import type { ModelEstimate, NewAnalysis } from '$lib/client/api.ts';
import type { Reader } from '$analysis/measure/questions.ts';
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
	{ settings, models, reader }: Pick<Workbench, 'settings' | 'models' | 'reader'>,
	signal?: AbortSignal
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
			const request = { modelFolder: model.folder, windows, ...common };
			prepared.push(await prepareModel(model, request, reader, signal));
		}
		const fewest = Math.min(
			windows,
			...prepared.flatMap(({ estimate }) => estimate?.windows ?? [])
		);
		if (fewest === windows || prepared.length === 1) return prepared;
		windows = fewest;
	}
}

async function prepareModel(
	model: ModelListing,
	request: AnalyzeRequest,
	reader: Reader,
	signal: AbortSignal | undefined
): Promise<PreparedModel> {
	if (model.problem !== null) return { model, request, estimate: null, refusal: model.problem };
	try {
		const estimate = await reader.ask('analyze', request, signal);
		return { model, request, estimate, refusal: null };
	} catch (error) {
		if (!(error instanceof InputError)) throw error;
		return { model, request, estimate: null, refusal: error.message };
	}
}

export function modelEstimate({ model, estimate, refusal }: PreparedModel): ModelEstimate {
	return { model: model.id, estimate, refusal };
}
