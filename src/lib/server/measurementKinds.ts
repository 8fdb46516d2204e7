import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { estimateOf } from '$analysis/analyze/estimate.ts';
import { prepareDamage } from '$analysis/damage/prepare.ts';
import { workOfAll } from '$analysis/damage/work.ts';
import { estimateOfBench, prepareBench } from '$analysis/deploy/prepareBench.ts';
import { checkRoom } from '$analysis/deploy/scratch.ts';
import { InputError } from '$analysis/errors.ts';
import { parseQuestions } from '$analysis/evaluate/choices/parse.ts';
import { parseGates } from '$analysis/evaluate/gates.ts';
import { estimateOfEvaluation, prepareEvaluation } from '$analysis/evaluate/prepare.ts';
import { findOnnxFile } from '$analysis/onnx/locate.ts';
import { parsePlan } from '$analysis/plan/planFile.ts';
import type { Plan } from '$analysis/plan/types.ts';
import {
	benchCommand,
	damageCommand,
	evaluateCommand,
	searchCommand,
	type MeasuredModel,
	type MeasuredOn
} from '$analysis/results/command.ts';
import { prepareSearch } from '$analysis/search/prepare.ts';
import { DEFAULT_RANDOM_PLANS } from '$analysis/search/settings.ts';
import type { Document } from '$analysis/tokens/types.ts';
import type { MeasurementOfTexts, NewMeasurement } from '$lib/api.ts';
import type { NewJob } from './jobs/manager.ts';
import { textNames } from './newJobs.ts';
import type { ResultCatalogue } from './results.ts';

/** The bundled questions, as a path for the command that asks them again. */
const CONTINUATIONS = 'static/choices/continuations.jsonl';
/** What the command calls a plan that came from the page. */
const PLAN_FILE = 'plan.json';

type Asked<Kind> = Extract<NewMeasurement, { kind: Kind }>;

/** What a measurement is made with, whatever its kind. */
export interface Setting {
	about: { modelFolder: string; modelHash: string };
	own: { home: string; memoryLimitBytes: number | null };
	/** None of a bench. */
	documents: Document[];
	/** As the command names it. */
	named: MeasuredModel;
	/** The project's own folder. */
	root: string;
	results: ResultCatalogue;
}

type Prepared = Pick<NewJob, 'request' | 'questions' | 'estimate' | 'command'>;

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
	const { own } = setting;
	const { kind, maxSpan } = asked;
	const { about, documents, on } = onTexts(asked, setting);
	const prepared = await prepareDamage({
		...about,
		...own,
		documents,
		maxSpan,
		progressFile: null
	});
	const outlook = { ...prepared, totalWork: workOfAll(prepared) };
	return {
		request: { kind, ...about, maxSpan },
		questions: null,
		estimate: await estimateOf(outlook, own.home),
		command: damageCommand(on, { maxSpan })
	};
}

async function evaluation(asked: Asked<'evaluate'>, setting: Setting): Promise<Prepared> {
	const { own, root } = setting;
	const { kind } = asked;
	const { about, documents, on } = onTexts(asked, setting);
	const plan = parsePlan(asked.plan, 'plan');
	const gates = parseGates(asked.gates, 'gates');
	const repairOf = await repairedBy(plan, asked, setting);
	const questions = await questionsOf(asked.questions, root);
	const parsed = questions === null ? null : parseQuestions(questions.text, questions.name);
	const prepared = await prepareEvaluation({
		...about,
		...own,
		documents,
		plan,
		gates,
		questions: parsed,
		repairs: null
	});
	const named = asked.questions === 'continuations' ? CONTINUATIONS : (questions?.name ?? null);
	return {
		request: { kind, ...about, plan, gates, repairOf, questions: questions?.name ?? null },
		questions,
		estimate: await estimateOfEvaluation(prepared, own.home),
		command: evaluateCommand(on, { plan: PLAN_FILE, questions: named, gates })
	};
}

async function search(asked: Asked<'search'>, setting: Setting): Promise<Prepared> {
	const { own } = setting;
	const { about, documents, on } = onTexts(asked, setting);
	const { kind, goal, maxSpan, protectedLayers, repair } = asked;
	const wanted = { goal, maxSpan, protectedLayers, repair };
	const rest = { ...wanted, randomPlans: DEFAULT_RANDOM_PLANS, shortlist: null };
	const prepared = await prepareSearch({ ...about, ...own, documents, ...rest });
	return {
		request: { kind, ...about, ...rest },
		questions: null,
		estimate: await estimateOf(prepared, own.home),
		command: searchCommand(on, rest)
	};
}

async function bench(asked: Asked<'bench'>, setting: Setting): Promise<Prepared> {
	const { about, own, named, results } = setting;
	const { kind, prompt, generate, batch, repeats } = asked;
	const plan = parsePlan(asked.plan, 'plan');
	const repairOf = await repairedBy(plan, asked, setting);
	const isOnnx = (await findOnnxFile(about.modelFolder)) !== null;
	const dtype = isOnnx ? null : asked.dtype;
	const rounds = { prompt, generate, batch, repeats };
	const planFolder = repairOf === null ? '.' : results.folder(repairOf);
	const request = { ...about, ...rounds, plan, dtype };
	const prepared = await prepareBench({ ...request, ...own, planFolder });
	await checkRoom({ home: own.home, id: kind, bytesNeeded: prepared.scratchBytes });
	return {
		request: { kind, ...request, repairOf },
		questions: null,
		estimate: await estimateOfBench(prepared, own.home),
		command: benchCommand(named, rounds, { plan: PLAN_FILE, dtype })
	};
}

/** What the measurements of texts have in common. */
function onTexts(
	{ texts, context, windows }: MeasurementOfTexts,
	{ about, documents, named }: Setting
): {
	about: Setting['about'] & { context: number; windows: number };
	documents: Document[];
	on: MeasuredOn;
} {
	return {
		about: { ...about, context, windows },
		documents,
		on: { ...named, texts: textNames(texts), context, windows }
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
