import { analyzeSettings, type AnalyzeSettings } from '$analysis/measure/analyze/settings.ts';
import type { Request } from '$analysis/measure/kind.ts';
import type { Estimate } from '$analysis/engine/estimate.ts';
import type { ModelListing } from '$analysis/model/checkpoint/types.ts';
import { InputError } from '$analysis/errors.ts';
import { parseUntrusted } from '$analysis/edge/parse.ts';
import type { ModelEstimate, NewAnalysis } from '$lib/client/api.ts';
import type { Reader } from '$analysis/measure/questions.ts';
import { documentsOf } from './texts.ts';
import type { Workbench } from './workbench.ts';

/** An analysis of one model, ready to be queued, or why it would be refused. */
export interface PreparedModel {
	model: ModelListing;
	request: Request<AnalyzeSettings>;
	estimate: Estimate | null;
	refusal: string | null;
}

/**
 * Prepares and estimates the analysis of each model. All get the same number of windows, the smallest any of them can
 * have: windows are cut by their number, so only then do the models read the same places, and can be compared in pairs.
 * Throws InputError for the texts and NotFoundError for unknown ids.
 */
export async function prepareAnalysis(
	analysis: NewAnalysis,
	deps: Pick<Workbench, 'settings' | 'models' | 'reader'>,
	signal?: AbortSignal
): Promise<PreparedModel[]> {
	const settings = parseUntrusted(analyzeSettings, analysis, 'request');
	const { home, memoryLimitBytes, root } = deps.settings;
	const listings = await deps.models.find(analysis.models);
	const documents = await documentsOf(analysis.texts, root);
	const common = {
		...{ kind: 'analyze', modelHash: null, documents, home, memoryLimitBytes },
		...{ questions: null, tokenizer: null, planFolder: null }
	};
	let { windows } = settings;
	for (;;) {
		const prepared: PreparedModel[] = [];
		for (const model of listings) {
			const request = {
				modelFolder: model.folder,
				settings: { ...settings, windows },
				...common
			};
			prepared.push(await prepareModel(model, request, deps.reader, signal));
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
	request: Request<AnalyzeSettings>,
	reader: Reader,
	signal: AbortSignal | undefined
): Promise<PreparedModel> {
	if (model.problem !== null) return { model, request, estimate: null, refusal: model.problem };
	try {
		const estimate = await reader.ask('estimate', request, signal);
		return { model, request, estimate, refusal: null };
	} catch (error) {
		if (!(error instanceof InputError)) throw error;
		return { model, request, estimate: null, refusal: error.message };
	}
}

export function modelEstimate({ model, estimate, refusal }: PreparedModel): ModelEstimate {
	return { model: model.id, estimate, refusal };
}
