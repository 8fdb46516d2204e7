import { engineFor } from '../../engine/engineFor.ts';
import { estimateOf, type Estimate } from '../../engine/estimate.ts';
import { memoryLimit } from '../../engine/memory.ts';
import type { TorchSettings } from '../../engine/torchSettings.ts';
import type { Model } from '../../model/open.ts';
import { meanInterval } from '../../statistics/figures.ts';
import { drawWindows, type ResampledOver } from '../../statistics/resample.ts';
import type { Progress } from '../../telemetry/progress.ts';
import { Reporter } from '../../telemetry/reporter.ts';
import { madeBy, type MadeBy } from '../torchFlags.ts';
import { checkChoices } from './finite.ts';
import { encodeChoices, filledLength, type ChoiceTokens } from './encode.ts';
import { measureChoices } from './measure.ts';
import { groupsOf, rightAnswers } from './score.ts';
import { SCORES, type Question, type Score } from './types.ts';
import { VARIANT_COUNT } from '../../graph/modelVariants.ts';

export interface BaselineRequest {
	questions: readonly Question[];
	/** tokenizer.json or its folder; null: what lies beside the model. */
	tokenizer: string | null;
	/** Most bytes this process may use; null: 70% of what is free. */
	memoryLimitBytes: number | null;
	/** The workspace. */
	home: string;
	/** The PyTorch engine; null: the program's own. */
	torch: TorchSettings | null;
}

/** Accuracies of a model by itself, fractions from 0 to 1, with 95% intervals over groups, then questions. */
export interface BaselineAccuracy extends MadeBy {
	questions: number;
	baseline: Record<Score, { value: number; low: number | null; high: number | null }>;
	/** Units that were resampled; null: a single question. */
	over: ResampledOver | null;
	model: { name: string; hash: string; tokenizerHash: string };
}

/**
 * Asks a model multiple-choice questions, without a plan and without a text. Throws InputError where model, questions
 * or memory limit are at fault.
 */
export async function measureBaseline(
	model: Model,
	{ questions, tokenizer: named, memoryLimitBytes, home, torch }: BaselineRequest,
	callbacks: {
		onProgress: (progress: Progress) => void;
		onPrepared: (forecast: {
			name: string;
			estimate: Estimate;
			extent: string;
		}) => Promise<void> | void;
	}
): Promise<BaselineAccuracy> {
	const { facts } = model;
	const engine = engineFor(model, torch);
	const longest = engine.fixedContext ?? facts.maxPositions;
	const tokenizer = await model.tokenizer(named ?? undefined);
	const choices = await encodeChoices(questions, tokenizer, longest);
	const lengthOf = ({ ids }: ChoiceTokens): number =>
		engine.fixedContext ?? filledLength(ids.length, facts.maxPositions);
	const context = Math.max(...choices.map(lengthOf));
	// The engine compares two variants; the model that shares nothing is both of them.
	const sources = Array.from({ length: facts.layers }, (_, layer) => layer);
	const forecast = engine.compare(
		{ sources },
		{
			...{ context, longest: context, windowCount: choices.length },
			limitBytes: memoryLimit(memoryLimitBytes)
		}
	);
	const { oneVariant, comparison: both } = forecast.work;
	const workOf = (choice: ChoiceTokens): number =>
		(lengthOf(choice) / context) * (VARIANT_COUNT * oneVariant + both);
	const work = choices.reduce((sum, choice) => sum + workOf(choice), 0);
	const estimate = await estimateOf(
		{
			...forecast,
			notes: [...forecast.notes],
			checkpoint: facts,
			totalWork: work,
			windows: choices,
			context
		},
		home
	);
	await callbacks.onPrepared({
		name: model.name,
		estimate,
		extent: `${questions.length} questions`
	});
	const reporter = new Reporter(
		{ work, layers: facts.layers, windows: choices.length, context },
		callbacks.onProgress
	);
	reporter.add(0, 'reading weights', 0);
	const comparison = await forecast.open(home);
	let done = 0;
	const { baseline } = await measureChoices(comparison, choices, lengthOf, (choice) => {
		reporter.addTokens(VARIANT_COUNT * choice.ids.length);
		reporter.add(workOf(choice), 'questions', ++done);
	}).finally(() => comparison.close());
	checkChoices({ baseline }, model.path);
	const draws = drawWindows(groupsOf(questions));
	const accuracy = SCORES.map((score) => [
		score,
		meanInterval(rightAnswers(questions, baseline, score), draws)
	]);
	return {
		questions: questions.length,
		baseline: Object.fromEntries(accuracy) as BaselineAccuracy['baseline'],
		over: draws?.over ?? null,
		...madeBy(torch, forecast.path),
		model: { name: model.name, hash: await model.hash(home), tokenizerHash: tokenizer.sha256 }
	};
}
