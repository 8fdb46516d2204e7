import { Reporter } from '../../telemetry/reporter.ts';
import { planMatches } from '../../plan/planFile.ts';
import type { Progress } from '../../telemetry/progress.ts';
import { documentFacts } from '../../model/tokens/documents.ts';
import type { ChoiceTokens } from '../choices/encode.ts';
import { measureChoices } from '../choices/measure.ts';
import { scoreChoices } from '../choices/score.ts';
import type { Question } from '../choices/types.ts';
import { checkChoices } from '../choices/finite.ts';
import { measureRecall, measureWindows, type Found } from './measure.ts';
import { choiceLength, choiceWork, prepareEvaluation, type PreparedEvaluation } from './prepare.ts';
import { measureProbes } from './probes/measure.ts';
import { reportOf } from './report.ts';
import type { Comparison } from '../../engine/ways.ts';
import type { Model } from '../../model/open.ts';
import type { ProbeReport } from './probes/types.ts';
import type { EvaluateRequest, Evaluation } from './types.ts';

/** Who is told. */
export interface EvaluateOptions {
	onProgress: (progress: Progress) => void;
	/** Told once, before the model runs. */
	onPrepared?: (prepared: PreparedEvaluation) => Promise<void> | void;
}

/**
 * Runs windows of the texts through a model as it is and as planned, and compares what both say. Nothing is
 * written. Throws InputError where model, plan, texts or memory limit are at fault.
 */
export async function evaluatePlan(
	model: Model,
	request: EvaluateRequest,
	options: EvaluateOptions
): Promise<Evaluation> {
	const started = performance.now();
	const prepared = await prepareEvaluation(model, request);
	await options.onPrepared?.(prepared);
	const { windows, context, notes } = prepared;
	const { plan, home, questions } = request;
	const { layers } = model.facts;
	const reporter = new Reporter(
		{ work: prepared.totalWork, layers, windows: windows.length, context },
		options.onProgress
	);
	reporter.add(0, 'reading weights', 0);
	const found = await measure(prepared, questions, home, reporter);
	const hash = await model.hash(home);
	const { name } = model;
	const tokenizerHash = prepared.tokenizer.sha256;
	return {
		report: reportOf(request, prepared, found),
		model: { name, hash, tokenizerHash },
		texts: request.documents.map(documentFacts),
		context,
		notes,
		warning: planMatches(plan, { name, layers, hash, tokenizerHash }),
		seconds: (performance.now() - started) / 1000
	};
}

/** What the model says both ways of the windows and the probes of recall, and of the questions where there are some. */
async function measure(
	prepared: PreparedEvaluation,
	questions: readonly Question[] | null,
	home: string,
	reporter: Reporter
): Promise<Found> {
	const comparison = await prepared.open(home);
	try {
		const measured = await measureWindows(prepared, comparison, reporter);
		const recall = await measureRecall(prepared, comparison, reporter);
		const probes = await askProbes(prepared, comparison, reporter);
		const found = { measured, ...(recall !== null && { recall }), ...(probes && { probes }) };
		if (questions === null) return found;
		const answers = await answer(prepared, comparison, reporter);
		return { ...found, choices: scoreChoices(questions, answers) };
	} finally {
		await comparison.close();
	}
}

/** Both ways on the long in-context probes; null: none were asked for. */
async function askProbes(
	{ model, longProbes, probeWorks, windows }: PreparedEvaluation,
	comparison: Comparison,
	reporter: Reporter
): Promise<ProbeReport[] | null> {
	if (longProbes.length === 0) return null;
	return measureProbes(comparison, longProbes, model.path, ({ tokens }) => {
		reporter.addTokens(2 * tokens);
		reporter.add(probeWorks.get(tokens) ?? 0, 'probes', windows.length);
	});
}

/** Log-likelihoods of the questions' choices, both ways. */
async function answer(prepared: PreparedEvaluation, comparison: Comparison, reporter: Reporter) {
	const { model, choices, windows } = prepared;
	const lengthOf = (choice: ChoiceTokens): number => choiceLength(choice, prepared);
	const onChoice = (choice: ChoiceTokens): void => {
		reporter.addTokens(2 * choice.ids.length);
		reporter.add(choiceWork(choice, prepared), 'questions', windows.length);
	};
	const found = await measureChoices(comparison, choices, lengthOf, onChoice);
	checkChoices(found, model.path);
	return found;
}
