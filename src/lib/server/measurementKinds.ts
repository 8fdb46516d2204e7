import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Estimate } from '$analysis/engine/estimate.ts';
import { InputError } from '$analysis/errors.ts';
import { parseGates } from '$analysis/measure/evaluate/gates.ts';
import { findOnnxFile } from '$analysis/model/onnx/locate.ts';
import { parsePlan } from '$analysis/plan/planFile.ts';
import type { Plan } from '$analysis/plan/types.ts';
import {
	benchCommand,
	damageCommand,
	evaluateCommand,
	searchCommand,
	type MeasuredModel,
	type MeasuredOn
} from '$analysis/measure/results/command.ts';
import { SEARCH_DEFAULTS } from '$analysis/measure/search/defaults.ts';
import type { Document } from '$analysis/model/tokens/types.ts';
import type { MeasurementOfTexts, NewMeasurement } from '$lib/client/api.ts';
import type { NewJob } from './jobs/manager.ts';
import { keptPath, textNames } from './keptTexts.ts';
import type { Reader } from '$analysis/measure/questions.ts';
import type { ResultCatalogue } from './results.ts';

/** The bundled questions, as a path for the command that asks them again. */
const CONTINUATIONS = 'static/choices/continuations.jsonl';

type Asked<Kind> = Extract<NewMeasurement, { kind: Kind }>;

/** What a measurement is made with, whatever its kind. */
export interface Setting {
	about: { modelFolder: string; modelHash: string };
	own: { home: string; memoryLimitBytes: number | null };
	/** None of a bench. */
	documents: Document[];
	/** As the command names it. */
	named: MeasuredModel;
	/** The file that the page saves a plan of this model as. */
	planFile: string;
	/** The project's own folder. */
	root: string;
	results: ResultCatalogue;
	reader: Reader;
	/** Aborted when nobody waits any more. */
	signal?: AbortSignal | undefined;
}

type Prepared = Pick<NewJob, 'request' | 'questions' | 'command'> & { estimate: Estimate };

/** What a job needs to know of a measurement of its kind. Errors as `measurementJob`. */
export function prepareMeasurement(asked: NewMeasurement, setting: Setting): Promise<Prepared> {
	switch (asked.kind) {
		case 'damage':
			return damage(asked, setting);
		case 'evaluate':
			return evaluation(asked, setting);
		case 'search':
			return search(asked, setting);
		case 'bench':
			return bench(asked, setting);
	}
}

async function damage(asked: Asked<'damage'>, setting: Setting): Promise<Prepared> {
	const { own, reader, signal } = setting;
	const { kind, maxSpan } = asked;
	const { about, documents, on } = onTexts(asked, setting);
	const whole = { ...about, ...own, documents, maxSpan, progressFile: null };
	return {
		request: { kind, ...about, maxSpan },
		questions: null,
		estimate: await reader.ask(kind, whole, signal),
		command: damageCommand(on, { maxSpan })
	};
}

async function evaluation(asked: Asked<'evaluate'>, setting: Setting): Promise<Prepared> {
	const { own, root, reader, signal } = setting;
	const { kind } = asked;
	const { about, documents, on } = onTexts(asked, setting);
	const plan = parsePlan(asked.plan, 'plan');
	const gates = parseGates(asked.gates, 'gates');
	const repairOf = await repairedBy(plan, asked, setting);
	const questions = await questionsOf(asked.questions, root);
	const whole = { ...about, ...own, documents, plan, gates, questions };
	const named =
		asked.questions === 'continuations'
			? CONTINUATIONS
			: asked.questions && keptPath(asked.questions, own.home);
	return {
		request: { kind, ...about, plan, gates, repairOf, questions: questions?.name ?? null },
		questions,
		estimate: await reader.ask(kind, whole, signal),
		command: evaluateCommand(on, { plan: setting.planFile, questions: named, gates })
	};
}

async function search(asked: Asked<'search'>, setting: Setting): Promise<Prepared> {
	const { own, reader, signal } = setting;
	const { about, documents, on } = onTexts(asked, setting);
	const { kind, goal, maxSpan, protectedLayers, repair } = asked;
	const wanted = { goal, maxSpan, protectedLayers, repair };
	const rest = { ...wanted, randomPlans: SEARCH_DEFAULTS.randomPlans, shortlist: null };
	const whole = { ...about, ...own, documents, ...rest };
	return {
		request: { kind, ...about, ...rest },
		questions: null,
		estimate: await reader.ask(kind, whole, signal),
		command: searchCommand(on, rest)
	};
}

async function bench(asked: Asked<'bench'>, setting: Setting): Promise<Prepared> {
	const { about, own, named, results, reader, signal } = setting;
	const { kind, prompt, generate, batch, repeats } = asked;
	const plan = parsePlan(asked.plan, 'plan');
	const repairOf = await repairedBy(plan, asked, setting);
	const isOnnx = (await findOnnxFile(about.modelFolder)) !== null;
	const dtype = isOnnx ? null : asked.dtype;
	const rounds = { prompt, generate, batch, repeats };
	const planFolder = repairOf === null ? '.' : results.folder(repairOf);
	const request = { ...about, ...rounds, plan, dtype };
	return {
		request: { kind, ...request, repairOf },
		questions: null,
		estimate: await reader.ask(kind, { ...request, ...own, planFolder }, signal),
		command: benchCommand(named, rounds, { plan: setting.planFile, dtype })
	};
}

/** What the measurements of texts have in common. */
function onTexts(
	{ texts, context, windows }: MeasurementOfTexts,
	{ about, documents, named, own }: Setting
): {
	about: Setting['about'] & { context: number; windows: number };
	documents: Document[];
	on: MeasuredOn;
} {
	return {
		about: { ...about, context, windows },
		documents,
		on: { ...named, texts: textNames(texts, own.home), context, windows }
	};
}

/** The result with the refitted weights that a plan names; null where it names none. */
async function repairedBy(
	{ repair }: Plan,
	{ kind, repairOf }: Asked<'evaluate' | 'bench'>,
	{ results }: Setting
): Promise<string | null> {
	if (repair === null) return null;
	if (repairOf === undefined) {
		throw new InputError(
			`plan: its refitted weights ${repair.file} are not here; open it from the search that made it, or use the command: spanwise ${kind}`
		);
	}
	await results.file(repairOf, repair.file);
	return repairOf;
}

async function questionsOf(
	asked: Asked<'evaluate'>['questions'],
	root: string
): Promise<Document | null> {
	if (asked !== 'continuations') return asked;
	const text = await readFile(join(root, CONTINUATIONS), 'utf8');
	return { name: 'continuations.jsonl', text };
}
