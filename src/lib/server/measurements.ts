import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseUntrusted } from '$analysis/edge/parse.ts';
import type { Estimate } from '$analysis/engine/estimate.ts';
import { InputError } from '$analysis/errors.ts';
import { commandOf, type Named } from '$analysis/measure/command.ts';
import type { Request } from '$analysis/measure/kind.ts';
import { measurementOf } from '$analysis/measure/lookup.ts';
import { planSetting } from '$analysis/measure/results/result.ts';
import type { Document } from '$analysis/model/tokens/types.ts';
import type { RunRecord } from '$analysis/workspace/run/types.ts';
import type {
	MeasurementEstimate,
	NewMeasurement,
	QuestionsChoice,
	TextChoice
} from '$lib/client/api.ts';
import { planFileName } from '$lib/controls/save.ts';
import type { NewJob } from './jobs/manager.ts';
import { jobRequestOf } from './jobs/record.ts';
import { folderOfModel } from './modelOfRun.ts';
import { keepTexts, keptPath, textNames } from './keptTexts.ts';
import type { ResultCatalogue } from './results.ts';
import { documentsOf } from './texts.ts';
import type { Workbench } from './workbench.ts';

/** The bundled questions, as a path for the command that asks them again. */
const CONTINUATIONS = 'static/choices/continuations.jsonl';

/**
 * The job of a measurement, refused early where it cannot be done. Errors: NotFoundError for an unknown run, text or
 * result; InputError where model, texts, plan, gates, questions or limits are at fault.
 */
export async function measurementJob(
	asked: NewMeasurement,
	deps: Pick<Workbench, 'settings' | 'reader' | 'models' | 'runs' | 'results'>,
	signal?: AbortSignal
): Promise<NewJob & { estimate: Estimate }> {
	const { home, memoryLimitBytes, root } = deps.settings;
	const kind = measurementOf(asked.kind);
	const { texts, questions, repairOf } = inputsOf(asked);
	const { id, model: ofRun } = await deps.runs.record(asked.run);
	const model = { ...ofRun, folder: await folderOfModel(ofRun, deps.models) };
	const parsed = parseUntrusted(kind.settings, asked, 'request');
	const settings = (await kind.fitted?.(parsed, model.folder)) ?? parsed;
	const repairs = await repairedBy(settings, asked.kind, repairOf, deps.results);
	const request: Request = {
		kind: kind.kind,
		modelFolder: model.folder,
		modelHash: model.hash,
		settings,
		documents: await documentsOf(texts, root),
		questions: await questionsOf(questions, root),
		tokenizer: null,
		planFolder: repairs === null ? null : deps.results.folder(repairs),
		memoryLimitBytes,
		home
	};
	const named: Named = {
		...(await namedAsUsersDo(model, deps)),
		texts: textNames(texts, home),
		plan: kind.takes.includes('plan') ? planFileName(model.name) : undefined,
		questions:
			questions === 'continuations' ? CONTINUATIONS : questions && keptPath(questions, home)
	};
	return {
		model: model.name,
		run: id,
		request: jobRequestOf(request, repairs),
		documents: request.documents,
		questions: request.questions,
		estimate: await deps.reader.ask('estimate', request, signal),
		command: commandOf(kind, named, settings)
	};
}

/** Keeps what of a measurement came from the page, so that its command can read it. Errors as `keepTexts`. */
export async function keepInputs(asked: NewMeasurement, home: string): Promise<void> {
	const { texts, questions } = inputsOf(asked);
	await keepTexts(texts, home);
	if (questions !== null && questions !== 'continuations') await keepTexts([questions], home);
}

/** Estimates a measurement. Throws NotFoundError as `measurementJob` does; an InputError is returned as the refusal. */
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

/** The inputs beside the settings; none where the kind takes none. */
function inputsOf(asked: NewMeasurement) {
	return {
		texts: ('texts' in asked ? asked.texts : undefined) ?? samplesOf(asked.kind),
		questions: ('questions' in asked ? asked.questions : null) ?? null,
		repairOf: 'repairOf' in asked ? asked.repairOf : undefined
	};
}

/** The bundled texts that a kind reads where none is named; none of a kind without texts. */
function samplesOf(kind: string): TextChoice[] {
	const { takes, samples } = measurementOf(kind);
	return takes.includes('texts') ? samples.map((sample) => ({ sample })) : [];
}

/** Returns the model as its command names it: by its id in the list of models, or else by its folder. */
async function namedAsUsersDo(
	{ folder }: RunRecord['model'],
	{ models }: Pick<Workbench, 'models'>
): Promise<Pick<Named, 'model' | 'modelFolders'>> {
	const listed = (await models.list()).find((listing) => listing.folder === folder);
	return {
		model: listed?.id ?? folder,
		modelFolders: listed?.origin === 'folder' ? models.folders.all : []
	};
}

/** The result with the refitted weights that a plan names; null where it names none. */
async function repairedBy(
	settings: object,
	kind: string,
	repairOf: string | undefined,
	results: ResultCatalogue
): Promise<string | null> {
	const repair = planSetting(settings)?.repair ?? null;
	if (repair === null) return null;
	if (repairOf === undefined) {
		throw new InputError(
			`plan: its refitted weights ${repair.file} are not here; open it from the search that made it, or use the command: spanwise ${kind}`
		);
	}
	await results.file(repairOf, repair.file);
	return repairOf;
}

async function questionsOf(asked: QuestionsChoice, root: string): Promise<Document | null> {
	if (asked !== 'continuations') return asked;
	const text = await readFile(join(root, CONTINUATIONS), 'utf8');
	return { name: 'continuations.jsonl', text };
}
