import * as v from 'valibot';
import { estimateAnalysis } from '$analysis/analyze/estimate.ts';
import type { AnalyzeRequest, Estimate } from '$analysis/analyze/types.ts';
import type { ModelListing } from '$analysis/checkpoint/types.ts';
import { InputError } from '$analysis/errors.ts';
import { METRICS, VIEWS } from '$analysis/similarity/types.ts';
import type { Document } from '$analysis/tokens/types.ts';
import type { ModelEstimate, NewAnalysis, TextChoice } from '$lib/api.ts';
import { DEFAULT_JS_ROWS } from './defaults.ts';
import type { NewJob } from './jobs/manager.ts';
import { SAMPLES_PATH } from './texts.ts';

const MAX_MODELS = 16;
const MAX_DOCUMENTS = 64;
const MAX_NAME_LENGTH = 200;

const count = (what: string) =>
	v.pipe(
		v.number(`${what} must be a number`),
		v.integer(`${what} must be a whole number`),
		v.minValue(1, `${what} must be at least 1`),
		v.maxValue(1_000_000, `${what} must be at most 1000000`)
	);

const documentName = v.pipe(v.string(), v.minLength(1), v.maxLength(MAX_NAME_LENGTH));

const textSchema: v.GenericSchema<TextChoice> = v.union([
	v.strictObject({ sample: v.string() }),
	v.strictObject({ name: documentName, text: v.string() })
]);

export const newAnalysisSchema: v.GenericSchema<NewAnalysis> = v.strictObject({
	models: v.pipe(
		v.array(v.string()),
		v.minLength(1, 'choose a model'),
		v.maxLength(MAX_MODELS, `at most ${MAX_MODELS} models at once`),
		v.check((ids) => new Set(ids).size === ids.length, 'a model is named twice')
	),
	texts: v.pipe(
		v.array(textSchema),
		v.minLength(1, 'choose a text'),
		v.maxLength(MAX_DOCUMENTS, `at most ${MAX_DOCUMENTS} texts at once`)
	),
	context: count('context'),
	windows: count('windows'),
	metrics: v.exactOptional(v.pipe(v.array(v.picklist(METRICS)), v.minLength(1))),
	jsRows: v.exactOptional(v.union([count('jsRows'), v.literal('all')]))
});

export interface PlannedModel {
	model: ModelListing;
	request: AnalyzeRequest;
	estimate: Estimate | null;
	refusal: string | null;
}

/**
 * What each model would take. All get the same number of windows, the smallest any of them can have: windows are
 * cut by their number, so only then do the models read the same places, and can be compared in pairs.
 */
export async function planAnalysis(
	analysis: NewAnalysis,
	models: readonly ModelListing[],
	documents: Document[],
	workspace: { home: string; memoryLimitBytes: number | null }
): Promise<PlannedModel[]> {
	let windows = analysis.windows;
	for (;;) {
		const planned: PlannedModel[] = [];
		for (const model of models) {
			planned.push(
				await planModel(model, {
					modelFolder: model.folder,
					documents,
					context: analysis.context,
					windows,
					metrics: analysis.metrics ?? [...METRICS],
					views: [...VIEWS],
					jsRows: analysis.jsRows ?? DEFAULT_JS_ROWS,
					...workspace
				})
			);
		}
		const fewest = Math.min(windows, ...planned.flatMap(({ estimate }) => estimate?.windows ?? []));
		if (fewest === windows || planned.length === 1) return planned;
		windows = fewest;
	}
}

async function planModel(model: ModelListing, request: AnalyzeRequest): Promise<PlannedModel> {
	if (model.problem !== null) return { model, request, estimate: null, refusal: model.problem };
	try {
		return { model, request, estimate: await estimateAnalysis(request), refusal: null };
	} catch (error) {
		if (!(error instanceof InputError)) throw error;
		return { model, request, estimate: null, refusal: error.message };
	}
}

export function modelEstimate({ model, estimate, refusal }: PlannedModel): ModelEstimate {
	return { model: model.id, estimate, refusal };
}

/** The jobs of a plan. Errors: InputError where a model would be refused; then none is queued. */
export function jobsOf(planned: readonly PlannedModel[], texts: readonly TextChoice[]): NewJob[] {
	return planned.map(({ model, request, estimate, refusal }) => {
		if (refusal !== null) throw new InputError(refusal);
		const { modelFolder, documents, context, windows, metrics, views, jsRows } = request;
		return {
			model: model.id,
			request: { modelFolder, context, windows, metrics, views, jsRows },
			documents,
			command: commandFor(model.id, request, texts),
			estimate
		};
	});
}

/** The command that makes the same run; a pasted or uploaded text is named as the page named it. */
function commandFor(
	model: string,
	{ context, windows, metrics, jsRows }: AnalyzeRequest,
	texts: readonly TextChoice[]
): string {
	const files = texts.map((text) =>
		'sample' in text ? `${SAMPLES_PATH}/${text.sample}.txt` : text.name
	);
	const words = ['spanwise', 'analyze', model];
	words.push('--text', ...files, '--context', `${context}`, '--windows', `${windows}`);
	if (metrics.length < METRICS.length) words.push('--metrics', metrics.join(','));
	if (jsRows !== DEFAULT_JS_ROWS) words.push('--js-rows', `${jsRows}`);
	return words.map(shellWord).join(' ');
}

function shellWord(word: string): string {
	return /^[\w./:@=,+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
