import { Reporter } from '../../telemetry/reporter.ts';
import { planMatches } from '../../plan/planFile.ts';
import type { Progress } from '../../telemetry/progress.ts';
import { documentFacts } from '../../model/tokens/documents.ts';
import type { ChoiceTokens } from '../choices/encode.ts';
import { measureChoices } from '../choices/measure.ts';
import { checkChoices } from '../choices/finite.ts';
import { foundOf, measureRecall, measureWindows, type Answers } from './measure.ts';
import { mergedAnswers, partFiles } from './part.ts';
import {
	choiceLength,
	choiceWork,
	prepareEvaluation,
	shardOfEvaluation,
	type PreparedEvaluation
} from './prepare.ts';
import { madeBy } from '../torchFlags.ts';
import { reportOf } from './report.ts';
import type { Comparison } from '../../engine/variants.ts';
import type { Model } from '../../model/open.ts';
import type { FolderFile } from '../../workspace/wholeFolder.ts';
import type { Part } from '../shards/parts.ts';
import type { Shard } from '../shards/shard.ts';
import { measureProbes } from './probes/measure.ts';
import type { ProbeReport } from './probes/types.ts';
import type { EvaluateRequest, Evaluation } from './types.ts';

/** Callbacks of an evaluation. */
export interface EvaluateOptions {
	onProgress: (progress: Progress) => void;
	/** Called once, before the model runs. */
	onPrepared?: (prepared: PreparedEvaluation) => Promise<void> | void;
}

/**
 * Runs windows of the texts through baseline and planned model, and compares what both say; `parts` are what shards
 * measured, of which the figures are then made. Nothing is written. Throws InputError where model, plan, texts or memory
 * limit are at fault.
 */
export async function evaluatePlan(
	model: Model,
	request: EvaluateRequest,
	options: EvaluateOptions,
	parts: readonly Part[] | null = null
): Promise<Evaluation> {
	const started = performance.now();
	const prepared = await prepareEvaluation(model, request);
	const { plan, home, questions } = request;
	const { context, notes } = prepared;
	const merged = parts && (await mergedAnswers(parts, prepared));
	const answers = merged ?? (await answersOf(prepared, request, options));
	const hash = await model.hash(home);
	const { name } = model;
	const { layers } = model.facts;
	const tokenizerHash = prepared.tokenizer.sha256;
	const seconds = (performance.now() - started) / 1000;
	return {
		report: reportOf(request, prepared, foundOf(answers, prepared, questions)),
		...madeBy(request.torch, prepared.path),
		model: { name, hash, tokenizerHash },
		texts: request.documents.map(documentFacts),
		context,
		notes: [...notes, ...(merged === null ? [] : [`measured in ${merged.shards} shards`])],
		warning: planMatches(plan, { name, layers, hash, tokenizerHash }),
		seconds: seconds + (merged?.seconds ?? 0)
	};
}

/** Runs the windows, probes and questions of one shard: the files of its part. Throws InputError as `evaluatePlan`. */
export async function evaluateShard(
	model: Model,
	request: EvaluateRequest,
	options: EvaluateOptions,
	shard: Shard
): Promise<FolderFile[]> {
	const started = performance.now();
	const whole = await prepareEvaluation(model, request);
	const prepared = shardOfEvaluation(whole, shard, request.questions?.length ?? 0);
	const answers = await answersOf(prepared, request, options);
	return partFiles(answers, (performance.now() - started) / 1000);
}

/** Runs windows, probes and questions, as far as there are any, through baseline and planned model. */
async function answersOf(
	prepared: PreparedEvaluation,
	{ home, questions }: EvaluateRequest,
	options: EvaluateOptions
): Promise<Answers> {
	await options.onPrepared?.(prepared);
	const { model, windows, context, totalWork } = prepared;
	const task = { work: totalWork, layers: model.facts.layers, windows: windows.length, context };
	const reporter = new Reporter(task, options.onProgress);
	reporter.add(0, 'reading weights', 0);
	const comparison = await prepared.open(home);
	try {
		const measured = await measureWindows(prepared, comparison, reporter);
		const recall = await measureRecall(prepared, comparison, reporter);
		const probes = await askProbes(prepared, comparison, reporter);
		const choices = questions && (await answer(prepared, comparison, reporter));
		return { measured, recall, probes, choices };
	} finally {
		await comparison.close();
	}
}

/** Both variants on the long in-context probes; null: none were asked for. */
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

/** Log-likelihoods of the questions' choices, of both variants. */
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
